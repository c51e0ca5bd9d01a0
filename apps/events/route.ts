/** Parts of an event's page. */
export const PARTS = ['overview', 'setup', 'tickets', 'log'] as const

/** One of them. */
export type Part = (typeof PARTS)[number]

/** Where the page is. */
export type Route = { kind: 'list' } | { kind: 'new' } | { kind: 'event'; event: string; part: Part }

/** Reads `#/new`, `#/<26 letters>` and `#/<26 letters>/tickets`; anything else is the list. */
export function readRoute(hash: string): Route {
  if (hash === '#/new') return { kind: 'new' }
  const [, event, name] = /^#\/([a-z2-7]{26})(?:\/([a-z]+))?$/.exec(hash) ?? []
  if (event === undefined) return { kind: 'list' }
  return { kind: 'event', event, part: PARTS.find((it) => it === name) ?? 'overview' }
}

/** The address of an event's part within the page. */
export function eventAddress(event: string, part: Part = 'overview'): string {
  return part === 'overview' ? `#/${event}` : `#/${event}/${part}`
}
