import { setTimeout as sleep } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import {
  OTHER_VERSION_ANSWER,
  RIGHTS_ASK_BYTES_MAX,
  accountKey,
  encodeAnswer,
  encodeAsk,
  grantOf,
  readAnswer,
  readAsk,
  sharesOf,
} from '#protocol/ledger'
import type {
  Ask,
  AskReason,
  Granted,
  LedgerEntry,
  Marks,
  RightsAnswer,
  ShareRule,
  Sharer,
  UnitInfo,
} from '#protocol/ledger'
import { formatAmount } from '#protocol/ledger/money'
import { fromHex } from '#protocol/encoding'
import { FRAME_BYTES_MAX, pastRows, readPastRows } from '#protocol/sync'
import type { HeadRow } from '#protocol/replica'
import { CoopError } from '#node/errors'
import { FramedStream } from '#node/mesh'
import type { CoopNode } from './coop-node.ts'
import { amountOf } from './ledger-entries.ts'
import { readPast, takePast } from './past-frames.ts'
import type { PastFrames } from './past-frames.ts'
import type { DeviceName } from './roster-names.ts'

/** Protocol by which a device asks another for a part of what it holds. */
export const RIGHTS_PROTOCOL = '/coopmesh/rights/2'
/** The version before, in which an answer brings no commits. */
export const RIGHTS_PROTOCOL_BEFORE = '/coopmesh/rights/1'
/** How long an answer may take: the other side writes a commit to its disk. */
const ANSWER_MS = 10_000
/** How long a grant that its answer did not bring may take to arrive by sync, before the next device is asked. A guess: most take a tenth of a second. */
const ARRIVAL_MS = 5_000
/** Answers with commits that are sent at once: 32 MiB of them. Who comes when there are more gets his commits by sync. */
const SENDING_MAX = 4
/** Grants that are remembered: some devices at the limit of a minute. */
const LATELY_MAX = 10_000

/** What was taken from whom, as text by the unit's scale. */
export interface Taken {
  unit: string
  code: string
  /** What this device wanted beside what it had. */
  wanted: string
  taken: string
  /** What it can sell or spend now. */
  here: string
  from: { device: DeviceName; amount: string; why: string | null }[]
}

/** Rights on the move: asks other devices for a part of what they hold, and answers them. */
export class RightsDesk {
  readonly #node: CoopNode
  #lately: Granted[] = []
  /** Answers with commits that are under way. */
  #sending = 0
  /** Grants are made one after the other. */
  #granting: Promise<unknown> = Promise.resolve()

  constructor(node: CoopNode) {
    this.#node = node
  }

  /** Answers one ask of a member: with the transfer and what it lacks of its past, where that fits. */
  readonly serve = async (stream: Stream, device: string): Promise<void> => {
    const framed = new FramedStream(stream, RIGHTS_ASK_BYTES_MAX)
    const ask = readAsk(await framed.next(ANSWER_MS), device)
    const rows = ask === null ? null : readPastRows(ask.has)
    if (ask === null || rows === null) return framed.abort('malformed ask', 'malformed-frame')
    const granting = this.#granting.then(async () => this.#grant(ask))
    this.#granting = granting.catch(() => null)
    const { amount, why, commit } = await granting
    if (commit === null || this.#sending >= SENDING_MAX)
      return framed.send(encodeAnswer({ amount, why, commits: null }))
    this.#sending += 1
    try {
      const past = await this.#pastOf(commit, rows, device)
      await framed.send(encodeAnswer({ amount, why, commits: past?.commits ?? null }))
      for (const frame of past?.frames ?? []) await framed.send(frame)
    } finally {
      this.#sending -= 1
    }
  }

  /** Tells a device that asks in the version before why it gets nothing. */
  readonly serveBefore = async (stream: Stream): Promise<void> => {
    const framed = new FramedStream(stream, RIGHTS_ASK_BYTES_MAX)
    await framed.next(ANSWER_MS)
    await framed.send(OTHER_VERSION_ANSWER)
  }

  /**
   * Takes a share before this device is cut off: what a rule gives it of all that connected devices and itself hold, or as
   * much as is asked for.
   */
  async take(text: string, want: ShareRule | { amount: string }): Promise<Taken> {
    const unit = this.#node.ledger.unit(text)
    const has = this.#node.ledger.spendable(unit.id)
    const isRule = typeof want === 'string'
    const target = isRule
      ? (sharesOf(want, this.#sharers(unit.id)).get(this.#own) ?? 0n)
      : has + amountOf(want.amount, unit)
    return this.#fetch(unit, target > has ? target - has : 0n, isRule ? want : 'person')
  }

  /** Asks for more of a unit that fell below its low mark. */
  async refill(unit: UnitInfo, marks: Marks): Promise<Taken | null> {
    const has = this.#node.ledger.spendable(unit.id)
    return has < marks.low ? this.#fetch(unit, marks.high - has, 'low') : null
  }

  async #fetch(unit: UnitInfo, wanted: bigint, reason: AskReason): Promise<Taken> {
    const { ledger } = this.#node
    const text = (amount: bigint): string => formatAmount(amount, unit.scale)
    const from: Taken['from'] = []
    let taken = 0n
    for (const { device } of this.#givers(unit.id)) {
      if (taken >= wanted) break
      const before = this.#owned(unit.id)
      const answer = await this.#ask({ unit: unit.id, amount: wanted - taken, reason, device })
      const amount = await this.#arrived(unit.id, before, answer.amount)
      taken += amount
      const why = amount < answer.amount ? 'not-arrived' : answer.why
      from.push({ device: ledger.names.device(device), amount: text(amount), why })
    }
    // Accepted before this device goes away, so that others know where it is.
    if (taken > 0n) await ledger.accept()
    const shown = { wanted: text(wanted), taken: text(taken), here: text(ledger.spendable(unit.id)) }
    return { unit: unit.id, code: unit.code, ...shown, from }
  }

  /** What came of so much that another device says it gave, once it is here or has had its time: the next one is asked for the rest. */
  async #arrived(unit: string, before: bigint, said: bigint): Promise<bigint> {
    const untilMs = performance.now() + ARRIVAL_MS
    for (;;) {
      const came = this.#owned(unit) - before
      if (came >= said) return said
      if (performance.now() >= untilMs) return came > 0n ? came : 0n
      await sleep(20)
    }
  }

  /** What this device has and what it used: selling does not change it. */
  #owned(unit: string): bigint {
    const { ledger } = this.#node
    return ledger.spendable(unit) + ledger.spendable(accountKey(unit, 'used'))
  }

  async #ask(ask: Ask): Promise<Pick<RightsAnswer, 'amount' | 'why'>> {
    const { mesh } = this.#node
    if (mesh === null) return { amount: 0n, why: 'unreachable' }
    let framed: FramedStream | null = null
    try {
      framed = new FramedStream(await mesh.openStream(ask.device, RIGHTS_PROTOCOL), FRAME_BYTES_MAX)
      await framed.send(encodeAsk({ ...ask, has: pastRows(this.#node.membership.engine.replica) }))
      const answer = readAnswer(await framed.next(ANSWER_MS), ask.amount)
      if (answer.amount > 0n) this.#note(ask, true)
      const { commits } = answer
      const isGood = commits === null || (await takePast(framed, commits, { mesh, device: ask.device }))
      // Nobody waits for what such a device says; if it gave something all the same, that comes by sync.
      return isGood ? answer : { amount: 0n, why: 'false-answer' }
    } catch (cause) {
      // The next one is asked; whoever is cut off now cannot answer.
      const isOther = cause instanceof Error && cause.name === 'UnsupportedProtocolError'
      return { amount: 0n, why: isOther ? 'other-version' : 'unreachable' }
    } finally {
      framed?.abort('done')
    }
  }

  /** A commit of this device with what another one lacks of its past; null where that comes by sync. */
  async #pastOf(commit: string, rows: readonly HeadRow[], device: string): Promise<PastFrames | null> {
    const { membership, crypto } = this.#node
    const [id, key] = [fromHex(commit), fromHex(device)]
    if (id === null || key === null) return null
    return readPast(membership.engine, { commit: id, rows, device: key }, crypto.sha256)
  }

  /** Gives what the rules allow, in a commit of this device. */
  async #grant(ask: Ask): Promise<{ amount: bigint; why: string | null; commit: string | null }> {
    const { ledger, membership } = this.#node
    const unit = ledger.find(ask.unit)
    if (unit === null || membership.engine.writeRefusal !== null)
      return { amount: 0n, why: 'nothing-to-spare', commit: null }
    const isShare = ask.reason === 'even' || ask.reason === 'forecast'
    const sharers = this.#sharers(unit.id, ask.device)
    const grant = grantOf(ask, {
      spendable: await ledger.usable(unit.id),
      marks: membership.marks.of(unit.id),
      share: isShare ? (sharesOf(ask.reason as ShareRule, sharers).get(this.#own) ?? 0n) : 0n,
      isOfMember: this.#isOfMember(ask.device),
      // A clock that is set back must not make all that was granted before look like just now.
      lately: this.#lately,
      nowMs: performance.now(),
    })
    if ('why' in grant) return { ...grant, commit: null }
    const to = fromHex(ask.device) ?? new Uint8Array(32)
    const entry: LedgerEntry = { t: 'transfer', to, unit: unit.id, amount: grant.amount }
    let commit: string
    try {
      commit = (await ledger.append([entry])).commit
    } catch (cause) {
      if (!(cause instanceof CoopError)) throw cause
      return { amount: 0n, why: cause.code, commit: null }
    }
    this.#note(ask, false)
    return { amount: grant.amount, why: null, commit }
  }

  #note({ unit, device }: Ask, isReceived: boolean): void {
    this.#lately.push({ atMs: performance.now(), unit, device, isReceived })
    if (this.#lately.length > LATELY_MAX) this.#lately = this.#lately.slice(-LATELY_MAX / 2)
  }

  /** Devices that share a unit now: this one, those connected, and who asks. */
  #sharers(unit: string, asking: string | null = null): Sharer[] {
    const { books } = this.#node.ledger
    const devices = new Set([this.#own, ...this.#connected, ...(asking === null ? [] : [asking])])
    return [...devices].map((device) => ({
      device,
      held: books.holding(device, unit),
      used: books.holding(device, accountKey(unit, 'used')),
    }))
  }

  /** Connected devices that hold something, or to which it is on its way, the richest first. */
  #givers(unit: string): Sharer[] {
    const { books } = this.#node.ledger
    const givers = this.#sharers(unit)
      .filter((it) => it.device !== this.#own)
      .map((it) => ({ ...it, held: it.held + books.inFlightTo(it.device, unit) }))
      .filter((it) => it.held > 0n)
    return givers.sort((a, b) =>
      a.held === b.held ? (a.device < b.device ? -1 : 1) : a.held > b.held ? -1 : 1,
    )
  }

  #isOfMember(device: string): boolean {
    const { authority } = this.#node.membership.engine.replica
    const member = authority.devices.get(this.#own)?.member
    return member !== undefined && authority.devices.get(device)?.member === member
  }

  get #own(): string {
    return this.#node.membership.engine.replica.device ?? ''
  }

  get #connected(): readonly string[] {
    return this.#node.mesh?.connectedDevices() ?? []
  }
}
