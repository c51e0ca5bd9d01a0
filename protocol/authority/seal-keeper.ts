import { toHex } from '../encoding/index.ts'
import type { AuthorityState } from './authority-state.ts'
import type { Ballot, Candidate } from './ballot.ts'
import type { Proposal } from './decisions.ts'
import type { AuthorityEntry } from './entries.ts'
import { approvalsOf, draftSeal, newsOf } from './seal-draft.ts'
import type { DraftParts, SealNews } from './seal-draft.ts'
import type { SealRecord } from './seal-record.ts'

/** How long the others wait for the steward who leads a round. A guess: some round trips through a relay. */
export const LEADER_WAIT_MS = 10_000
/** A round that has committed nothing for so long is given up. A guess: long enough for a slow uplink. */
export const ROUND_WAIT_MS = 60_000
/** Time between seals that only move the frontier. From the design: daily is enough. */
export const BARE_SEAL_EVERY_MS = 86_400_000
/** Proposals that are tried for one record. A guess: those before them do not fit, and their askers can mend them. */
export const PROPOSALS_TRIED_MAX = 16

/** Who keeps the ballot. */
export interface KeeperParts {
  authority: AuthorityState
  coop: Uint8Array
  /** This device, hex. */
  device: string
}

/** Where a keeper stands now. */
export interface KeeperView extends Pick<DraftParts, 'ends' | 'forks'> {
  /** Devices (hex) that this one is connected to. */
  inTouch: ReadonlySet<string>
  /** When the tip was committed, as far as this device can tell; of the founding epoch, when the co-op was founded. */
  sealedAtMs: number
  /** Why this device could not write the act now; null when it could. */
  refusalOf(entry: AuthorityEntry): string | null
}

/** What a keeper wants. */
export interface KeeperStep {
  /** To write now; ask again afterwards. Null for nothing. */
  act: AuthorityEntry | null
  /** When to look again, if nothing else happens before; null for no need. */
  wakeAtMs: number | null
}

/** Where the ballot stood when this keeper first saw it so. */
interface Watch {
  /** Epoch and round. */
  place: string
  /** Since when somebody has acted in the round; null for nobody. */
  actedAtMs: number | null
  /** Since when there is something to seal that nobody has supported; null for nothing. */
  reasonAtMs: number | null
  /** Since when somebody supports in the round, and not the steward who leads it; null for nobody. */
  othersAtMs: number | null
  /** Since when it leaves records alone that decide nothing, because there is something to decide. */
  decisionAtMs: number | null
}

/**
 * What a steward's node writes next, so that whatever people's wills allow gets sealed (docs/protocol/authority.md, Keep the
 * ballot). It owns no clock; time only decides when a hand moves. What it asks for is what the rules of ballots allow.
 */
export class SealKeeper {
  readonly #parts: KeeperParts
  #watch: Watch = watchOf('')

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** What to write at `nowMs`, of what is known by now. */
  next(view: KeeperView, nowMs: number): KeeperStep {
    const { authority, device } = this.#parts
    const { tip } = authority.epochs
    if (!tip.signers.has(device)) return NOTHING
    const ballot = authority.ballots.at(tip)
    const { round, supported } = ballot.endOf(device)
    this.#look(`${tip.name}/${round}`, ballot, round, nowMs)
    const sign = this.#toSign(ballot, round, view)
    if (sign !== null) return { act: sign, wakeAtMs: null }
    const follow = this.#toFollow(ballot, round, view)
    if (follow !== null) return { act: follow, wakeAtMs: null }
    const waits: number[] = []
    if (supported === null) {
      const moment = { view, nowMs, waits }
      const act = this.#toSupport(ballot, round, moment) ?? this.#toDraft(ballot, round, moment)
      if (act !== null) return { act, wakeAtMs: null }
    }
    return this.#giveUp(round, { view, nowMs, waits })
  }

  /** Notes what this keeper sees for the first time. */
  #look(place: string, ballot: Ballot, round: number, nowMs: number): void {
    if (this.#watch.place !== place) this.#watch = watchOf(place)
    if ([...ballot.candidates.values()].some((it) => it.supports.has(round))) this.#watch.actedAtMs ??= nowMs
  }

  /** A seal of the round that a quorum supports, this steward's own support included. */
  #toSign(ballot: Ballot, round: number, view: KeeperView): AuthorityEntry | null {
    const own = this.#steward()
    for (const candidate of ballot.candidates.values()) {
      if (candidate.signs.get(round)?.has(own) === true) continue
      const supporters = new Set(candidate.supports.get(round)?.keys()).add(own)
      if (supporters.size < ballot.epoch.quorum) continue
      const sign = { t: 'sign', round, seal: candidate.id } as const
      if (view.refusalOf(sign) === null) return sign
    }
    return null
  }

  /** Others have given up rounds that this steward is still in. */
  #toFollow(ballot: Ballot, round: number, view: KeeperView): AuthorityEntry | null {
    const { stewards, quorum, id } = ballot.epoch
    const own = this.#steward()
    const rounds = [...ballot.advances()].filter(([steward]) => steward !== own).map(([, it]) => it)
    const reached = rounds.sort((a, b) => b - a)[stewards.size - quorum] ?? 0
    if (reached <= round) return null
    const advance = { t: 'advance', parent: id, round: reached } as const
    return view.refusalOf(advance) === null ? advance : null
  }

  /** What others support in the round, or what a quorum supported in one before. */
  #toSupport(ballot: Ballot, round: number, at: Moment): AuthorityEntry | null {
    const prepared = ballot.preparedBelow(round, () => true)
    const count = (it: Candidate): number => it.supports.get(round)?.size ?? 0
    const leader = this.#leader(ballot, round)
    const isLed = (it: Candidate): boolean => it.supports.get(round)?.has(leader) === true
    const others = [...ballot.candidates.values()]
      .filter((it) => count(it) > 0)
      .sort(
        (a, b) => Number(isLed(b)) - Number(isLed(a)) || count(b) - count(a) || (a.name < b.name ? -1 : 1),
      )
    for (const candidate of prepared === null ? others : [prepared]) {
      const { bytes, record } = candidate
      // Else one who is quick to speak to some of the others could divide every round.
      if (prepared === null && !isLed(candidate) && this.#awaitsLeader(at)) continue
      // Else a steward who is quick with records that decide nothing could put every decision off.
      if (prepared === null && record.decision === null && this.#prefersDecision(ballot, round, at)) continue
      const support = { t: 'support', round, seal: bytes } as const
      if (at.view.refusalOf(support) === null) return support
    }
    return null
  }

  /** True while it is the turn of who leads the round. */
  #awaitsLeader({ nowMs, waits }: Moment): boolean {
    this.#watch.othersAtMs ??= nowMs
    const since = Math.min(this.#watch.othersAtMs, this.#watch.reasonAtMs ?? nowMs)
    if (nowMs >= since + LEADER_WAIT_MS) return false
    waits.push(since + LEADER_WAIT_MS)
    return true
  }

  /** True while this steward can, or may soon, support a record that decides something. */
  #prefersDecision(ballot: Ballot, round: number, at: Moment): boolean {
    const since = this.#watch.decisionAtMs ?? at.nowMs
    if (at.nowMs >= since + LEADER_WAIT_MS || this.#draftDecision(ballot, round, at.view) === null)
      return false
    this.#watch.decisionAtMs = since
    at.waits.push(since + LEADER_WAIT_MS)
    return true
  }

  /** A record of its own, if there is reason, once this steward's turn has come. */
  #toDraft(ballot: Ballot, round: number, at: Moment): AuthorityEntry | null {
    const { nowMs, waits } = at
    const waitMs = this.#leader(ballot, round) === this.#steward() ? 0 : LEADER_WAIT_MS
    const turnAtMs = (this.#watch.reasonAtMs ?? nowMs) + waitMs
    if (this.#watch.reasonAtMs === null || nowMs >= turnAtMs) {
      const seal = this.#draft(ballot, round, at)
      this.#watch.reasonAtMs = seal === null ? null : (this.#watch.reasonAtMs ?? nowMs)
      if (seal === null) return null
      if (nowMs >= turnAtMs) return voteFor(ballot, round, seal)
    }
    waits.push(turnAtMs)
    return null
  }

  /** The record that this steward would support; null without a reason for one, or while none holds. */
  #draft(ballot: Ballot, round: number, { view, nowMs, waits }: Moment): Uint8Array | null {
    const decided = this.#draftDecision(ballot, round, view)
    if (decided !== null) return decided
    const news = newsOf(this.#draftParts(view), null)
    const dueAtMs = dueOf(bared(news), view.sealedAtMs)
    if (dueAtMs > nowMs && dueAtMs < Infinity) waits.push(dueAtMs)
    const due = [news, bared(news)].filter((it) => dueOf(it, view.sealedAtMs) <= nowMs)
    return this.#firstHeld(due, null, { ballot, round, view })
  }

  /** A record of the first proposal that can be decided now. */
  #draftDecision(ballot: Ballot, round: number, view: KeeperView): Uint8Array | null {
    const { authority } = this.#parts
    const approved = authority.decisions
      .considered(ballot.epoch)
      .flatMap((proposal): [Proposal, Uint8Array[]][] => {
        const approvals = approvalsOf(authority, proposal)
        return approvals === null || !authority.fits(proposal) ? [] : [[proposal, approvals]]
      })
      .sort(([a], [b]) => (toHex(a.id) < toHex(b.id) ? -1 : 1))
    for (const [proposal, approvals] of approved.slice(0, PROPOSALS_TRIED_MAX)) {
      const news = newsOf(this.#draftParts(view), proposal)
      const decision = { proposal: proposal.id, approvals }
      const seal = this.#firstHeld([news, bared(news)], decision, { ballot, round, view })
      if (seal !== null) return seal
    }
    return null
  }

  /** What is known here may not be in this device's past yet, and must not keep the rest from being sealed. */
  #firstHeld(
    news: readonly SealNews[],
    decision: SealRecord['decision'],
    { ballot, round, view }: { ballot: Ballot; round: number; view: KeeperView },
  ): Uint8Array | null {
    for (const it of news) {
      const seal = draftSeal(this.#draftParts(view), it, decision)
      if (view.refusalOf(voteFor(ballot, round, seal)) === null) return seal
    }
    return null
  }

  #draftParts({ ends, forks }: KeeperView): DraftParts {
    const { authority, coop } = this.#parts
    return { authority, coop, ends, forks }
  }

  /** A round that leads nowhere although enough stewards are in touch. */
  #giveUp(round: number, { view, nowMs, waits }: Moment): KeeperStep {
    const { authority, device } = this.#parts
    const { tip } = authority.epochs
    const near = [...tip.signers.keys()].filter((it) => it === device || view.inTouch.has(it))
    const { actedAtMs } = this.#watch
    if (actedAtMs !== null && near.length >= tip.quorum) {
      const dueAtMs = actedAtMs + ROUND_WAIT_MS
      const advance = { t: 'advance', parent: tip.id, round: round + 1 } as const
      if (nowMs < dueAtMs) waits.push(dueAtMs)
      else if (view.refusalOf(advance) === null) return { act: advance, wakeAtMs: null }
    }
    return { act: null, wakeAtMs: waits.length === 0 ? null : Math.min(...waits) }
  }

  /** The steward (hex) who leads the round. */
  #leader(ballot: Ballot, round: number): string {
    const { signers, height } = ballot.epoch
    const devices = [...signers.keys()].sort()
    return signers.get(devices[(height + round) % devices.length] ?? '') ?? ''
  }

  #steward(): string {
    const { authority, device } = this.#parts
    return authority.epochs.tip.signers.get(device) ?? ''
  }
}

/** A view, the time, and when to look again. */
interface Moment {
  view: KeeperView
  nowMs: number
  waits: number[]
}

/** When a record without a decision is due; Infinity when it would say nothing. */
function dueOf({ frontier, forks, left }: SealNews, sealedAtMs: number): number {
  if (forks.length + left.length > 0) return 0
  return frontier.length > 0 ? sealedAtMs + BARE_SEAL_EVERY_MS : Infinity
}

function watchOf(place: string): Watch {
  return { place, actedAtMs: null, reasonAtMs: null, othersAtMs: null, decisionAtMs: null }
}

/** The frontier alone. */
function bared(news: SealNews): SealNews {
  return { ...news, forks: [], left: [] }
}

/** A support; where one steward is a quorum, the signature that is one. */
function voteFor(ballot: Ballot, round: number, seal: Uint8Array): AuthorityEntry {
  return { t: ballot.epoch.quorum === 1 ? 'sign' : 'support', round, seal }
}

const NOTHING: KeeperStep = { act: null, wakeAtMs: null }
