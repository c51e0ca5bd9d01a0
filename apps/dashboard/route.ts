/** Sections of the page, in the order of the navigation. */
export const SECTIONS = ['members', 'decisions', 'assets', 'boards', 'peers', 'documents', 'tokens'] as const

/** One of the sections. */
export type Section = (typeof SECTIONS)[number]

/** Where the page is: a section, and in `boards` the open board. */
export interface Route {
  section: Section
  board: string | null
}

/** Reads `#/assets` or `#/boards/menu`; anything else is the first section. */
export function readRoute(hash: string): Route {
  const [, name, detail] = /^#\/([a-z]+)(?:\/([a-z0-9][a-z0-9._-]*))?$/.exec(hash) ?? []
  const section = SECTIONS.find((section) => section === name) ?? 'members'
  return { section, board: section === 'boards' ? (detail ?? null) : null }
}

/** The address of a route within the page. */
export function routeAddress(section: Section, board?: string): string {
  return board === undefined ? `#/${section}` : `#/${section}/${board}`
}
