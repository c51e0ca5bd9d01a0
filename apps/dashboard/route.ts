/** Sections of the page, in the order of the navigation. */
export const SECTIONS = [
  'members',
  'decisions',
  'ledger',
  'assets',
  'boards',
  'peers',
  'documents',
  'tokens',
] as const

/** One of the sections. */
export type Section = (typeof SECTIONS)[number]

/** Where the page is: a section, what is open in it, and how it is looked at. */
export interface Route {
  section: Section
  /** In `boards` the open board; in `ledger` a unit, `history` or `commit/…`. */
  detail: string | null
  query: Readonly<Record<string, string>>
}

/** Reads `#/assets`, `#/boards/menu` or `#/ledger/history?type=issue`; anything else is the first section. */
export function readRoute(hash: string): Route {
  const [, name, detail, query] =
    /^#\/([a-z]+)(?:\/([a-z0-9][a-z0-9._-]*(?:\/[a-z0-9]+)?))?(?:\?(.*))?$/.exec(hash) ?? []
  const section = SECTIONS.find((section) => section === name) ?? 'members'
  const isOpen = section === 'ledger' || (section === 'boards' && !detail?.includes('/'))
  return {
    section,
    detail: isOpen ? (detail ?? null) : null,
    query: Object.fromEntries(new URLSearchParams(query ?? '')),
  }
}

/** The address of a route within the page; empty parts of the query are left out. */
export function routeAddress(
  section: Section,
  detail?: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((it): it is [string, string] => (it[1] ?? '') !== '')
  const ending = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
  return detail === undefined ? `#/${section}${ending}` : `#/${section}/${detail}${ending}`
}

/** The address of a commit within the page. */
export function commitAddress(id: string): string {
  return routeAddress('ledger', `commit/${id}`)
}
