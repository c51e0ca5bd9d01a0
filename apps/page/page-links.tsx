import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Language } from './language.ts'
import type { NodeLink } from './node-link.ts'

const TEXTS = {
  en: { label: 'Pages of this node', events: 'Events', gate: 'Gate', sale: 'Sale', node: 'Node' },
  de: { label: 'Seiten dieses Knotens', events: 'Events', gate: 'Tor', sale: 'Verkauf', node: 'Knoten' },
} as const

/** Under which name the address of the door for phones is kept that was chosen last. */
export const PHONE_BASE = 'phone-base'

/** Where phones find their pages, and whether this page is one of them. */
export interface Doors {
  /** Addresses for phones; none without a door for them. */
  phones: readonly string[]
  /** True on a phone that came through that door: it has no other pages. */
  isPhone: boolean
}

/** What the node says of its doors; null until it has answered. */
export function useDoors(link: NodeLink): Doors | null {
  const [doors, setDoors] = useState<Doors | null>(null)
  useEffect(() => {
    link
      .get('/v1/status')
      .then((answer) => {
        const { phones } = answer as { phones: string[] }
        setDoors({ phones, isPhone: phones.includes(location.origin) })
      })
      // The page itself says that the node is away.
      .catch(() => undefined)
  }, [link])
  return doors
}

/** Leads to the other pages of the node, where there are any. */
export function PageLinks(props: {
  doors: Doors | null
  language: Language
  here: 'gate' | 'sale'
}): JSX.Element | null {
  const { doors, here } = props
  const texts = TEXTS[props.language]
  if (doors === null || doors.isPhone) return null
  const other = here === 'gate' ? 'sale' : 'gate'
  return (
    <nav class="page-links" aria-label={texts.label} data-testid="page-links">
      <a href="/events">{texts.events}</a>
      <a href={`/${other}`}>{texts[other]}</a>
      <a href="/">{texts.node}</a>
    </nav>
  )
}
