import { decodeRecords } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { PullShare, SyncSession, decodeFrame } from '#protocol/sync'
import type { Frame, SessionInput } from '#protocol/sync'
import { nodeCrypto } from '#node/crypto'

const { sha256 } = nodeCrypto()
/** Time on the way, in one direction. */
const FLIGHT_MS = 20

/** One end of a pair. */
export class PairEnd {
  readonly replica: Replica
  readonly session: SyncSession
  /** Everything that this end said, in order. */
  readonly sent: Frame[] = []
  /** Bytes of each frame in `sent`, with its prefix. */
  readonly bytes: number[] = []
  /** Ids of the commits that came, in order, known ones as well. */
  readonly came: string[] = []
  closed = ''
  underWay: Uint8Array[] = []
  readonly #records = new Map<string, Uint8Array>()

  constructor(replica: Replica, key: number) {
    this.replica = replica
    this.session = new SyncSession({
      ...{ replica, sha256, key: new Uint8Array(16).fill(key) },
      share: new PullShare(),
    })
  }

  /** Stores commits, before or while the two talk. */
  store(records: readonly CommitRecord[]): number[] {
    const { stored, waiting } = this.replica.ingest(records)
    for (const record of [...stored.map((it) => it.record), ...waiting])
      this.#records.set(toHex(record.id), record.bytes)
    return [...new Set(stored.map(({ order }) => this.replica.history.deviceOf(order)))]
  }

  /** Gives an input to the session and carries out all that follows but sending. */
  step(input: SessionInput, nowMs: number): void {
    for (const output of this.session.handle(input, nowMs)) {
      if (output.kind === 'send') {
        const decoded = decodeFrame(output.bytes.subarray(4))
        if (!decoded.ok) throw new Error(decoded.refusal)
        this.sent.push(decoded.frame)
        this.bytes.push(output.bytes.length)
        this.underWay.push(output.bytes.subarray(4))
      } else if (output.kind === 'read') {
        const { history } = this.replica
        const records = output.orders.flatMap((order) => {
          const bytes = this.#records.get(toHex(history.idOf(order)))
          return bytes === undefined ? [] : [{ order, bytes }]
        })
        this.step({ kind: 'records', records }, nowMs)
      } else if (output.kind === 'ingest') {
        const decoded = decodeRecords(output.records, sha256)
        if (!decoded.ok) throw new Error(decoded.refusal)
        this.came.push(...decoded.records.map((it) => toHex(it.id)))
        const result = this.replica.ingest(decoded.records)
        for (const { record } of result.stored) this.#records.set(toHex(record.id), record.bytes)
        const devices = result.stored.map(({ order }) => this.replica.history.deviceOf(order))
        if (devices.length > 0) this.step({ kind: 'changed', devices }, nowMs)
        this.step({ kind: 'ingested', outcome: { ok: true, result } }, nowMs)
      } else if (output.kind === 'close') this.closed = `${output.code}: ${output.detail}`
    }
  }
}

/** Two sessions whose frames cross a link in flights: all that one flight brings is answered in the next. */
export class SessionPair {
  /** The side that opens rounds. */
  readonly leader: PairEnd
  readonly follower: PairEnd
  nowMs = 1_000
  /** Flights so far; the first carries the two HELLOs. */
  flights = 0

  constructor(leader: Replica, follower: Replica) {
    this.leader = new PairEnd(leader, 1)
    this.follower = new PairEnd(follower, 2)
  }

  open(): this {
    for (const end of [this.leader, this.follower]) end.step({ kind: 'open' }, this.nowMs)
    return this
  }

  /** One flight in both directions. */
  fly(): void {
    const [left, right] = [this.leader.underWay, this.follower.underWay]
    this.leader.underWay = []
    this.follower.underWay = []
    this.nowMs += FLIGHT_MS
    this.flights += 1
    for (const bytes of left) this.follower.step({ kind: 'frame', bytes }, this.nowMs)
    for (const bytes of right) this.leader.step({ kind: 'frame', bytes }, this.nowMs)
    for (const end of [this.leader, this.follower])
      if ((end.session.wakeAtMs ?? Infinity) <= this.nowMs) end.step({ kind: 'wake' }, this.nowMs)
  }

  /** Flies until something holds; how many flights that took. */
  until(holds: () => boolean, flightsMax = 1_000): number {
    const before = this.flights
    while (!holds()) {
      if (this.flights - before >= flightsMax) throw new Error(`not within ${flightsMax} flights`)
      this.fly()
    }
    return this.flights - before
  }

  get isSynced(): boolean {
    const { leader, follower } = this
    return leader.session.isSynced && follower.session.isSynced && this.isQuiet
  }

  get isQuiet(): boolean {
    return this.leader.underWay.length + this.follower.underWay.length === 0
  }

  /** Bytes that both sides spent on finding what differs and asking for it: all but HELLO and the records. */
  get reconciliationBytes(): number {
    return [this.leader, this.follower]
      .flatMap((end) => end.sent.map((frame, i) => [frame, end.bytes[i] ?? 0] as const))
      .filter(([frame]) => frame.kind !== 'hello')
      .reduce((sum, [frame, bytes]) => {
        const records = frame.kind === 'commits' ? frame.records : []
        return sum + bytes - records.reduce((total, record) => total + record.length, 0)
      }, 0)
  }
}
