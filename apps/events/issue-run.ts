import { keepValue, keptValue } from '#apps/page'
import type { EventCalls, IssuedTicket } from './event-calls.ts'

/** Tickets of one call: a second of work at the node, so that people see it go on. */
const AT_ONCE = 500
/** Where a run that is not done waits for the next visit, by event. */
const PENDING = 'issue-pending-'

/** What is issued: so many of a class, or one for each guest. */
export interface IssueOrder {
  event: string
  class: string
  className: string
  group: string
  complimentary: boolean
  count: number
  /** A line for each ticket; empty for tickets without. */
  details: readonly string[]
  /** 32 hexadecimal digits that name the run. */
  id: string
}

/** A run that an earlier visit has left undone; null for none. */
export function pendingOrder(event: string): IssueOrder | null {
  const kept = keptValue(PENDING + event)
  if (typeof kept !== 'object' || kept === null) return null
  const order = kept as IssueOrder
  const isWhole =
    typeof order.id === 'string' && typeof order.count === 'number' && Array.isArray(order.details)
  return isWhole && order.event === event ? order : null
}

/** Forgets it. */
export function dropOrder(event: string): void {
  keepValue(PENDING + event, null)
}

/**
 * Issues in parts, and goes on where it was interrupted: each part has a name that follows from the run's, so what was
 * written is not written again.
 *
 * @param done - tickets of this run that are known already
 * @param onTickets - all tickets so far, after each part; false: stop before the next one
 */
export async function runOrder(
  calls: Pick<EventCalls, 'issue'>,
  order: IssueOrder,
  done: readonly IssuedTicket[],
  onTickets: (tickets: readonly IssuedTicket[]) => boolean,
): Promise<readonly IssuedTicket[]> {
  const tickets = [...done]
  keepValue(PENDING + order.event, order)
  while (tickets.length < order.count) {
    const from = tickets.length
    const count = Math.min(AT_ONCE, order.count - from)
    const request = {
      ...{ class: order.class, count, group: order.group, complimentary: order.complimentary },
      details: order.details.slice(from, from + count),
    }
    tickets.push(...(await calls.issue(order.event, request, partId(order.id, from))))
    if (!onTickets(tickets) && tickets.length < order.count) return tickets
  }
  dropOrder(order.event)
  return tickets
}

/** Guests of a pasted list: a line each, without blank ones. */
export function guestsOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((it) => it.replaceAll('\t', ' ').trim())
    .filter((it) => it !== '')
}

/** The first guest whose line is too long to be sealed with a ticket (200 bytes of UTF-8); null for none. */
export function tooLongGuest(guests: readonly string[]): string | null {
  const encoder = new TextEncoder()
  return guests.find((it) => encoder.encode(it).length > 200) ?? null
}

/** Name of a part: of the run's digits the first 24, and where the part begins. */
function partId(id: string, from: number): string {
  return id.slice(0, 24) + from.toString(16).padStart(8, '0')
}
