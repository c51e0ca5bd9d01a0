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
}

/** One line of the scan log. */
export interface LogRow {
  atMs: number
  gate: string
  zone: string | null
  direction: 'in' | 'out'
  verdict: string
  mode: string | null
  number: number | null
  admission: string | null
  undone: boolean
  double: boolean
}

/** Calls of the node that the gate makes. Every failure is a CallFailure. */
export class GateCalls {
  readonly #link: NodeLink

  constructor(link: NodeLink) {
    this.#link = link
  }

  async events(): Promise<EventView[]> {
    return ((await this.#link.get('/v1/events')) as { events: EventView[] }).events
  }

  async event(event: string): Promise<EventView> {
    return (await this.#link.get(`/v1/events/${encodeURIComponent(event)}`)) as EventView
  }

  async scan(event: string, { zone, override, ...scan }: Scan): Promise<Verdict> {
    const body = {
      ...scan,
      ...(zone === null ? {} : { zone }),
      ...(override === null ? {} : { override }),
    }
    return (await this.#link.post(`/v1/events/${encodeURIComponent(event)}/scans`, body)) as Verdict
  }

  async undo(event: string, admission: string, reason: string, id: string): Promise<void> {
    await this.#link.post(`/v1/events/${encodeURIComponent(event)}/undo`, { admission, reason, id })
  }

  /** The newest scans of a gate, newest first. */
  async log(event: string, gate: string, limit: number): Promise<LogRow[]> {
    const query = new URLSearchParams({ gate, limit: String(limit) })
    const path = `/v1/events/${encodeURIComponent(event)}/log?${query.toString()}`
    const { rows } = (await this.#link.get(path)) as { rows: LogRow[] }
    return [...rows].sort((a, b) => b.atMs - a.atMs)
  }
}
