/**
 * What the link to a ticket's page holds. All of it stands in the fragment, which browsers send to nobody: whoever has the
 * link has the ticket.
 */
export interface LinkedTicket {
  /** Body and signature, 115 or 147 bytes. */
  ticket: Uint8Array
  /** Seed of the holder's key, 32 bytes, for a ticket that is bound to one. */
  seed: Uint8Array | null
  /** Names to show; they are not signed. */
  event: string
  className: string
  group: string
  /** 16 letters to read out where the picture cannot be read; empty when unknown. */
  code: string
}

/** Longest name that is shown, characters. */
const NAME_LENGTH_MAX = 80

/** The link to a ticket's page. @param base - address of a node, `http://127.0.0.1:4321` */
export function ticketLink(base: string, ticket: LinkedTicket): string {
  const fields = new URLSearchParams({ t: toBase64Url(ticket.ticket) })
  if (ticket.seed !== null) fields.set('k', toBase64Url(ticket.seed))
  const names = { e: ticket.event, c: ticket.className, g: ticket.group, n: ticket.code }
  for (const [key, name] of Object.entries(names)) if (name !== '') fields.set(key, name)
  return `${new URL('/ticket', base).href}#${fields.toString()}`
}

/** Reads the fragment of such a link, with or without `#`; null when it is none. */
export function readTicketLink(fragment: string): LinkedTicket | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''))
  const ticket = fromBase64Url(fields.get('t') ?? '')
  const seed = fields.has('k') ? fromBase64Url(fields.get('k') ?? '') : null
  if (ticket === null || ticket.length === 0 || (fields.has('k') && seed?.length !== SEED_BYTES)) return null
  const name = (key: string): string => (fields.get(key) ?? '').slice(0, NAME_LENGTH_MAX)
  return { ticket, seed, event: name('e'), className: name('c'), group: name('g'), code: name('n') }
}

/** The link that a buyer's phone opens to make a key. @param base - address of the door for phones */
export function newKeyLink(base: string, event: string): string {
  return `${new URL('/ticket', base).href}#${new URLSearchParams({ new: event }).toString()}`
}

/** The fragment of the page that shows a key. */
export function keyFragment(seed: Uint8Array, event: string): string {
  return `#${new URLSearchParams({ key: toBase64Url(seed), e: event }).toString()}`
}

/** Reads the fragments of both, with or without `#`; `seed` is null where a key is to be made. Null for anything else. */
export function readKeyLink(fragment: string): { seed: Uint8Array | null; event: string } | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''))
  const made = fields.get('new')
  if (made !== null) return { seed: null, event: made.slice(0, NAME_LENGTH_MAX) }
  const seed = fields.has('key') ? fromBase64Url(fields.get('key') ?? '') : null
  if (seed?.length !== SEED_BYTES) return null
  return { seed, event: (fields.get('e') ?? '').slice(0, NAME_LENGTH_MAX) }
}

const SEED_BYTES = 32

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (it) => it.charCodeAt(0))
  } catch {
    return null
  }
}
