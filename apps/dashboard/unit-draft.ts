import { SEALED_KINDS } from './ledger-text.ts'
import type { Unit, UnitKind, UnitRequest } from './ledger-types.ts'

/** What a person has chosen so far of a unit to define. */
export interface UnitDraft {
  code: string
  kind: UnitKind
  name: string
  /** Digits behind the point; empty for what is usual. */
  scale: string
  /** Empty for as many as there are numbers. */
  supply: string
  /** Empty for no limit. */
  relayMax: string
  /** As a date field of the browser gives it, `2027-01-31T22:00`; empty for never. */
  expires: string
}

/** A draft with nothing in it. */
export const EMPTY_UNIT: UnitDraft = {
  ...{ code: '', kind: 'stock', name: '', scale: '', supply: '', relayMax: '', expires: '' },
}

/** Kinds that are divided into smaller parts. */
export const DIVISIBLE: ReadonlySet<UnitKind> = new Set<UnitKind>(['money', 'credit', 'quota', 'stock'])

/** A code as the node takes it. */
const CODE: RegExp = /^[A-Z0-9](?:[A-Z0-9._-]{0,22}[A-Z0-9])?$/

/** What is wrong with a code, in words; null for nothing, and while nothing is typed. */
export function codeProblem(typed: string): string | null {
  const code = typed.trim().toUpperCase()
  if (code === '' || CODE.test(code)) return null
  return 'Use 1 to 24 letters A to Z, digits, dots, dashes or underscores, such as EUR or POSTER-A2.'
}

/** The unit that already has a code; two may have the same, and people then take one for the other. */
export function namesake(typed: string, units: readonly Unit[]): Unit | null {
  const code = typed.trim().toUpperCase()
  return units.find((it) => it.code === code) ?? null
}

/** The request that a draft means; null while something is missing or wrong. */
export function unitOf(draft: UnitDraft): UnitRequest | null {
  const { kind } = draft
  const code = draft.code.trim().toUpperCase()
  if (!CODE.test(code)) return null
  const [name, scale, supply, relayMax] = [draft.name, draft.scale, draft.supply, draft.relayMax].map((it) =>
    it.trim(),
  )
  const expiresMs = draft.expires === '' ? null : Date.parse(draft.expires)
  if (Number.isNaN(expiresMs)) return null
  return {
    ...{ code, kind },
    ...(name ? { name } : {}),
    ...(scale && DIVISIBLE.has(kind) ? { scale: Number(scale) } : {}),
    ...(supply && !SEALED_KINDS.has(kind) ? { supply } : {}),
    ...(relayMax ? { relayMax } : {}),
    ...(expiresMs === null ? {} : { expiresMs }),
  }
}
