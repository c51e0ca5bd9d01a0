import type { EventView, NodeLink } from '#apps/page'
import type { ClassRequest } from './class-draft.ts'

/** What the access code of a phone is for. */
export type PhoneScope = 'gate' | 'supervisor' | 'till'

/** A ticket as it is handed out. */
export interface IssuedTicket {
  /** What its QR code holds. */
  text: string
  /** `North 12`: gate group and number there. */
  number: string
  group: string
  /** 16 letters to read out. */
  code: string
}

/** A ticket in the list of those that this device issued. */
export interface ListedTicket extends IssuedTicket {
  className: string
  /** `valid`, or why it was ended. */
  state: string
  /** What was sealed with it: a name, a seat. */
  details: string | null
}

/** What ending a ticket did. */
export interface Cancelled {
  done: boolean
  stillOpens: { group: string; holder: { deviceName: string } | null; isReachable: boolean } | null
  tickets: IssuedTicket[]
}

/** One line of the scan log. */
export interface LogRow {
  at: number
  atMs: number
  gate: string
  zone: string | null
  device: { name: string; deviceName: string }
  direction: 'in' | 'out' | null
  verdict: string
  mode: 'held' | 'open' | 'override' | null
  reason: string
  admission: string | null
  undone: { atMs: number; reason: string } | null
  double: boolean
}

/** What is asked of the log. */
export interface LogQuery {
  gate: string
  verdict: string
  before: number | null
  limit: number
}

/** A device that buckets can go to. */
export interface OtherDevice {
  device: string
  name: string
  isConnected: boolean
}

/** What the page shows of the node. */
export interface NodeView {
  coop: string
  /** Addresses of the pages for phones; none without a door for them. */
  phones: string[]
  /** Codes of the co-op's money. */
  currencies: string[]
  others: OtherDevice[]
}

/** What is issued at once. */
export interface IssueRequest {
  class: string
  count: number
  group: string
  details: readonly (string | null)[]
  complimentary: boolean
  holder?: string
}

const EVENTS = '/v1/ticketing/events'
/** Buckets come from other devices, each in a round trip and with all its admissions. A guess. */
const MOVE_TIMEOUT_MS = 30_000
/** A thousand tickets take a second on a small machine, and others may be at work there. A guess. */
const ISSUE_TIMEOUT_MS = 60_000

/** Calls of the node about events. Every failure is a CallFailure. */
export class EventCalls {
  readonly #link: NodeLink

  constructor(link: NodeLink) {
    this.#link = link
  }

  async node(): Promise<NodeView> {
    const [status, units, { members }] = (await Promise.all([
      this.#link.get('/v1/status'),
      this.#link.get('/v1/ledger/units'),
      this.#link.get('/v1/members'),
    ])) as [
      { name: string | null; phones: string[] },
      { units: { code: string; kind: string }[] },
      { members: { name: string; devices: MemberDevice[] }[] },
    ]
    const currencies = units.units.filter((it) => it.kind === 'money').map((it) => it.code)
    const others = members.flatMap(({ name, devices }) =>
      devices
        .filter((it) => !it.isSelf && it.standing.status === 'active')
        .map((it) => ({ device: it.device, name: `${it.name} (${name})`, isConnected: it.isConnected })),
    )
    return { coop: status.name ?? '', phones: status.phones, currencies, others }
  }

  async events(): Promise<EventView[]> {
    return ((await this.#link.get(EVENTS)) as { events: EventView[] }).events
  }

  async event(event: string): Promise<EventView> {
    return (await this.#link.get(addressOf(event))) as EventView
  }

  /** @param request.id - 32 hexadecimal digits: what is sent twice under one id is written once, here and below */
  async create(request: {
    name: string
    place: string
    startsMs: number
    endsMs: number
    utcOffsetMin: number
    dayStartMin: number
    id: string
  }): Promise<string> {
    return ((await this.#link.post(EVENTS, request)) as { event: string }).event
  }

  /** Adds a class, or says anew what `known` is. */
  async setClass(event: string, request: ClassRequest, known: string | null, id: string): Promise<void> {
    const body = known === null ? { ...request, id } : { ...request, class: known }
    await this.#link.post(`${addressOf(event)}/classes`, body)
  }

  async addZone(event: string, name: string, capacity: number, id: string): Promise<void> {
    await this.#link.post(`${addressOf(event)}/zones`, { name, capacity, id })
  }

  async addBuckets(event: string, group: string, count: number, id: string): Promise<void> {
    await this.#link.post(`${addressOf(event)}/buckets`, { group, count, id })
  }

  /** @param bucket - a bucket, or a gate group for all of its buckets */
  async setLost(event: string, bucket: string, lost: boolean): Promise<void> {
    await this.#link.post(`${addressOf(event)}/lost`, { bucket, lost })
  }

  async hand(event: string, group: string, device: string): Promise<void> {
    await this.#link.post(`${addressOf(event)}/hand`, { group, device }, MOVE_TIMEOUT_MS)
  }

  /** Fetches the buckets of a gate group; how many stay away. */
  async take(event: string, group: string): Promise<number> {
    const answer = await this.#link.post(`${addressOf(event)}/take`, { group }, MOVE_TIMEOUT_MS)
    return (answer as { missing: string[] }).missing.length
  }

  async issue(event: string, request: IssueRequest, id: string): Promise<IssuedTicket[]> {
    const answer = await this.#link.post(`${addressOf(event)}/tickets`, { ...request, id }, ISSUE_TIMEOUT_MS)
    return (answer as { tickets: IssuedTicket[] }).tickets
  }

  /** Tickets that this device issued, `limit` from the one at `from` on. */
  async tickets(
    event: string,
    from: number,
    limit: number,
  ): Promise<{ tickets: ListedTicket[]; total: number }> {
    const query = new URLSearchParams({ from: String(from), limit: String(limit) })
    const answer = await this.#link.get(`${addressOf(event)}/tickets?${query.toString()}`, ISSUE_TIMEOUT_MS)
    return answer as { tickets: ListedTicket[]; total: number }
  }

  /** @param request.ticket - text of its QR code, or its 16 letters */
  async cancel(
    event: string,
    request: { ticket: string; action: 'revoke' | 'refund' | 'reissue'; holder?: string; reason?: string },
    id: string,
  ): Promise<Cancelled> {
    return (await this.#link.post(`${addressOf(event)}/revocations`, { ...request, id })) as Cancelled
  }

  async log(
    event: string,
    { gate, verdict, before, limit }: LogQuery,
  ): Promise<{ rows: LogRow[]; next: number | null }> {
    const query = new URLSearchParams({ limit: String(limit) })
    if (gate !== '') query.set('gate', gate)
    if (verdict !== '') query.set('verdict', verdict)
    if (before !== null) query.set('before', String(before))
    const answer = await this.#link.get(`${addressOf(event)}/log?${query.toString()}`, ISSUE_TIMEOUT_MS)
    return answer as { rows: LogRow[]; next: number | null }
  }

  async undo(event: string, admission: string, reason: string, id: string): Promise<void> {
    await this.#link.post(`${addressOf(event)}/undo`, { admission, reason, id })
  }

  /** Both sides of each seat that was let in twice, with what both gates signed. */
  async doubles(event: string): Promise<unknown> {
    return this.#link.get(`${addressOf(event)}/doubles`, ISSUE_TIMEOUT_MS)
  }

  /** A new access code for one phone. */
  async makeToken(name: string, scope: PhoneScope): Promise<string> {
    return ((await this.#link.post('/v1/tokens', { name, scope })) as { secret: string }).secret
  }
}

interface MemberDevice {
  device: string
  name: string
  isSelf: boolean
  isConnected: boolean
  standing: { status: string | null }
}

function addressOf(event: string): string {
  return `${EVENTS}/${encodeURIComponent(event)}`
}
