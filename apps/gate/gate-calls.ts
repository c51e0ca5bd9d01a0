import type { EventView, NodeLink } from '#apps/page'
import type { Verdict } from './verdict.ts'

/** One scan as it is sent. */
export interface Scan {
  text: string
  gate: string
  zone: string | null
  direction: 'in' | 'out'
  /** 32 hexadecimal digits: a scan sent twice under one id is recorded once. */
  id: string
  override: { reason: string } | null
  /** The bucket of a ticket of another gate group is fetched first. */
  fetch: boolean
}

/** What became of buckets that were handed over. */
export interface Handed {
  /** The other device has said that it has them. */
  isThere: boolean
  /** Buckets that are at other gates. */
  elsewhere: unknown[]
}

/** One line of the scan log. */
export interface LogRow {
  atMs: number
  gate: string
  zone: string | null
  verdict: string
  /** Seat unit of the class; null for who was not let in. */
  class: string | null
  admission: string | null
  undone: { atMs: number; reason: string } | null
  double: boolean
}

const EVENTS = '/v1/ticketing/events'
/** Buckets come from other devices, each in a round trip and with all its admissions. A guess. */
const MOVE_TIMEOUT_MS = 30_000

function addressOf(event: string): string {
  return `${EVENTS}/${encodeURIComponent(event)}`
}

/** Calls of the node that the gate makes. Every failure is a CallFailure. */
export class GateCalls {
  readonly #link: NodeLink

  constructor(link: NodeLink) {
    this.#link = link
  }

  async events(): Promise<EventView[]> {
    return ((await this.#link.get(EVENTS)) as { events: EventView[] }).events
  }

  /** The event, with the guarantee of one gate group. */
  async event(event: string, gate: string): Promise<EventView> {
    const query = new URLSearchParams({ gate })
    return (await this.#link.get(`${addressOf(event)}?${query.toString()}`)) as EventView
  }

  /** Fetches the buckets of a gate group from devices in reach. */
  async take(event: string, group: string): Promise<{ taken: string[]; missing: string[] }> {
    const answer = await this.#link.post(`${addressOf(event)}/take`, { group }, MOVE_TIMEOUT_MS)
    return answer as { taken: string[]; missing: string[] }
  }

  /** Hands the buckets that this device holds over to another: of a gate group, or all. */
  async hand(event: string, group: string | null, device: string): Promise<Handed> {
    const body = group === null ? { device } : { group, device }
    return (await this.#link.post(`${addressOf(event)}/hand`, body, MOVE_TIMEOUT_MS)) as Handed
  }

  async scan(event: string, { zone, override, fetch, ...scan }: Scan): Promise<Verdict> {
    const body = {
      ...scan,
      ...(zone === null ? {} : { zone }),
      ...(override === null ? {} : { override }),
      ...(fetch ? { fetch } : {}),
    }
    const address = `${addressOf(event)}/scans`
    const answer = fetch ? this.#link.post(address, body, MOVE_TIMEOUT_MS) : this.#link.post(address, body)
    return (await answer) as Verdict
  }

  async undo(event: string, admission: string, reason: string, id: string): Promise<void> {
    await this.#link.post(`${addressOf(event)}/undo`, { admission, reason, id })
  }

  /** The newest scans of a gate, newest first. */
  async log(event: string, gate: string, limit: number): Promise<LogRow[]> {
    const query = new URLSearchParams({ gate, limit: String(limit) })
    const path = `${addressOf(event)}/log?${query.toString()}`
    const { rows } = (await this.#link.get(path)) as { rows: LogRow[] }
    return rows
  }
}
