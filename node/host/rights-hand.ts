import type { Logger } from 'pino'
import type { LedgerEntry, LedgerState, TransferEntry, UnitInfo } from '#protocol/ledger'
import { GRANT_EVERY_MS, LEDGER, isMoving } from '#protocol/ledger'
import { AUTHORITY } from '#protocol/authority'
import { fromHex } from '#protocol/encoding'
import type { DurableCommits, Engine } from '#node/engine'
import { CoopError } from '#node/errors'
import type { ErrorCode } from '#node/errors'
import { homeRef } from './expired-rights.ts'
import type { MarksBook } from './marks-book.ts'
import type { LedgerDesk } from './ledger-desk.ts'
import type { RightsDesk } from './rights-desk.ts'

/** From the news of a transfer until it is accepted, so that several are accepted by one commit. */
const ACCEPT_AFTER_MS = 200
/** Entries of one commit: far from the limits of a commit. */
const ENTRIES_AT_ONCE = 500
/** How often expiry and marks are looked at. A guess: a till notices within half a minute. */
const LOOK_EVERY_MS = 15_000

/** What a hand stands on. */
export interface RightsHandParts {
  engine: Engine
  ledger: LedgerDesk
  rights: RightsDesk
  marks: MarksBook
  log: Logger
}

/**
 * Does by itself what a holder of rights owes or needs: accepts what others hand over, writes back what a seal issued in
 * this device's place, hands back what expired, asks for more where a unit fell below its low mark. It rests while this
 * device may not write.
 */
export class RightsHand {
  readonly #parts: RightsHandParts
  /** By unit: when others are asked again, after they had nothing. */
  readonly #askAgainAtMs = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null
  #isAtWork = false
  #isAskedAgain = false
  #isClosed = false

  constructor(parts: RightsHandParts) {
    this.#parts = parts
    parts.engine.on('durable', this.#onDurable)
    parts.engine.on('reset', this.#onReset)
    this.#lookIn(ACCEPT_AFTER_MS)
  }

  /** Does nothing more. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#parts.engine.off('durable', this.#onDurable)
    this.#parts.engine.off('reset', this.#onReset)
  }

  readonly #onDurable = ({ batch }: DurableCommits): void => {
    const isNews = batch.rows.some(({ acts, documents }) => acts.length > 0 || documents.includes(AUTHORITY))
    if (isNews) this.#lookIn(ACCEPT_AFTER_MS)
  }

  readonly #onReset = (): void => this.#lookIn(ACCEPT_AFTER_MS)

  /** Looks soon: what is kept at hand has changed. */
  look(): void {
    this.#askAgainAtMs.clear()
    this.#lookIn(0)
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return
    if (this.#isAtWork) {
      this.#isAskedAgain = true
      return
    }
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#work(), ms)
  }

  async #work(): Promise<void> {
    this.#timer = null
    this.#isAtWork = true
    this.#isAskedAgain = false
    try {
      if (this.#parts.engine.writeRefusal === null) await this.#look()
    } catch (cause) {
      if (!this.#isClosed) this.#parts.log.warn({ err: cause }, 'rights could not be tended; trying again')
    } finally {
      this.#isAtWork = false
    }
    this.#lookIn(this.#isAskedAgain ? ACCEPT_AFTER_MS : this.#untilNextMs())
  }

  /** Until the next right of this device expires or others are asked again, at most `LOOK_EVERY_MS`. */
  #untilNextMs(): number {
    const { replica } = this.#parts.engine
    const nowMs = Date.now()
    const grants = (replica.document(LEDGER) as LedgerState).grantsTo(replica.device ?? '')
    let untilMs = LOOK_EVERY_MS
    const note = (ms: number): void => {
      if (ms > 0 && ms < untilMs) untilMs = ms
    }
    // Others decide how many there are: too many for arguments of one call.
    for (const { expiresMs } of grants) note(expiresMs - nowMs)
    for (const againAtMs of this.#askAgainAtMs.values()) note(againAtMs - performance.now())
    return untilMs
  }

  async #look(): Promise<void> {
    const { engine, ledger, marks, rights } = this.#parts
    const { replica } = engine
    const state = replica.document(LEDGER) as LedgerState
    const units = state.units()
    if (replica.standing === null || units.length === 0) return
    const entries = [...this.#toWriteBack(units, state), ...(await this.#toHandBack(units, state))]
    for (let at = 0; at < entries.length; at += ENTRIES_AT_ONCE)
      await this.#settle(entries.slice(at, at + ENTRIES_AT_ONCE))
    // What it has accepted just now may have expired.
    if (entries.length === 0 && (await ledger.accept())) this.#isAskedAgain = true
    for (const [id, kept] of marks.all) {
      const unit = state.unit(id)
      if (unit === null || this.#isClosed || performance.now() < (this.#askAgainAtMs.get(id) ?? 0)) continue
      const taken = await rights.refill(unit, kept)
      // Who had nothing to spare just now is not asked again with each sale.
      if (taken === null || /[1-9]/.test(taken.taken)) continue
      const isSoon = taken.from.some((it) => it.why === 'too-soon')
      this.#askAgainAtMs.set(id, performance.now() + (isSoon ? GRANT_EVERY_MS : LOOK_EVERY_MS))
    }
  }

  /** Writes entries at once; where one cannot be, each by itself, so that what others gave keeps nothing else from being done. */
  async #settle(entries: readonly LedgerEntry[]): Promise<void> {
    const { ledger, log } = this.#parts
    try {
      await ledger.append(entries)
      return
    } catch (cause) {
      if (!isRefused(cause)) throw cause
    }
    for (const entry of entries) {
      // What may not be passed on can be handed back all the same.
      const ways = entry.t === 'transfer' ? [entry, handedBack(entry)] : [entry]
      let refused: unknown = null
      for (const way of ways) {
        try {
          await ledger.append([way])
          refused = null
          break
        } catch (cause) {
          if (!isRefused(cause)) throw cause
          refused = cause
        }
      }
      if (refused !== null) log.warn({ err: refused, unit: isMoving(entry) ? entry.unit : '' }, STAYS)
    }
  }

  /** A seal issued to others what this device holds: it gives that up as far as it has it. */
  #toWriteBack(units: readonly UnitInfo[], { books }: LedgerState): LedgerEntry[] {
    const own = this.#parts.engine.replica.device ?? ''
    return units.flatMap(({ id: unit }): LedgerEntry[] => {
      const loss = books.lossOf(own, unit)
      const has = loss > 0n ? this.#parts.ledger.spendable(unit) : 0n
      const amount = loss < has ? loss : has
      return amount > 0n ? [{ t: 'write-back', unit, amount }] : []
    })
  }

  /** What expired goes home: to who gave it, while that device is in the co-op; else it is handed back. */
  async #toHandBack(units: readonly UnitInfo[], { books }: LedgerState): Promise<LedgerEntry[]> {
    const { engine, ledger } = this.#parts
    const own = engine.replica.device ?? ''
    const nowMs = Date.now()
    // Anybody defines units that have expired: only those are looked at that this device has, or is about to have.
    const isHere = (id: string): boolean => books.holding(own, id) > 0n || books.inFlightTo(own, id) > 0n
    const whole = units
      .filter((it) => it.expiresMs !== null && it.expiresMs <= nowMs && isHere(it.id))
      .flatMap(({ id }): LedgerEntry[] => {
        const amount = ledger.spendable(id)
        return amount > 0n ? [{ t: 'return', unit: id, amount, ref: 'expired' }] : []
      })
    const isWhole = new Set(whole.filter(isMoving).map((it) => it.unit))
    const parts = await ledger.expired(nowMs)
    return [
      ...whole,
      ...parts
        .filter((it) => !isWhole.has(it.unit))
        .map(({ unit, amount, from, grant }): LedgerEntry => {
          const ref = homeRef(grant)
          const to = fromHex(from)
          const isIn = engine.replica.authority.statusOf(from) === 'active'
          return to !== null && isIn
            ? { t: 'transfer', to, unit, amount, ref }
            : { t: 'return', unit, amount, ref }
        }),
    ]
  }
}

const REFUSED: ReadonlySet<string> = new Set<ErrorCode>([
  'refused',
  'not-covered',
  'relay-limit',
  'unit-unknown',
])
const STAYS = 'a right that has to go back stays here'

/** What the books do not allow, other than what keeps this device from writing anything. */
function isRefused(cause: unknown): boolean {
  return cause instanceof CoopError && REFUSED.has(cause.code)
}

function handedBack({ unit, amount, ref }: TransferEntry): LedgerEntry {
  return { t: 'return', unit, amount, ...(ref === undefined ? {} : { ref }) }
}
