import { AUTHORITY } from '../authority/index.ts'
import type { AuthorityState } from '../authority/index.ts'
import type { Section, SeenHead } from '../commit/index.ts'
import type { Role, SectionContext } from '../document/index.ts'
import type { Act, Verdict } from '../evaluation/index.ts'
import { fromHex } from '../encoding/index.ts'
import type { History, PastVector } from '../history/index.ts'
import { planAcknowledgements } from './acknowledge.ts'
import { forkSeqOf } from './folded-section.ts'
import type { Documents } from './documents.ts'
import type { Epochs } from './epochs.ts'
import type { Standing } from './standing.ts'
import type { Stretches } from './stretches.ts'
import type { Visibility } from './visibility.ts'

/** What a next commit lists and relies on. */
export interface Plan {
  seen: readonly SeenHead[]
  /** What its past holds. */
  known: PastVector
  /** Epoch that it cites. */
  epoch: Uint8Array
  relied: PastVector
}

/** What was found of sections that are to be written; `lacking`: commits that they name and that are not known yet. */
export type Trial = { ok: true; lacking: readonly number[] } | { ok: false; refusal: string; detail: string }

/** What the next commit of a device is planned from. */
export interface NextCommitParts {
  /** This device, hex; null on a replica that only reads. */
  device: string | null
  history: History
  authority: AuthorityState
  epochs: Epochs
  documents: Documents
  visibility: Visibility
  stretches: Stretches
  /** What the device's chain stands on. */
  standing: () => Standing | null
}

/**
 * The next commit of this device's chain: what it lists, and how its sections are judged. It lists nothing new of
 * suspended devices but what it cannot do without: what its sections build on or name.
 */
export class NextCommit {
  readonly #parts: NextCommitParts
  /** Plans of a length of the log and a state of the authority document: without what is new of suspended devices, and with all of it. */
  #narrow: Plan | null = null
  #whole: Plan | null = null
  #length = -1
  #revision = -1
  /** The plan for the sections under way, which need something of suspended devices. */
  #own: Plan | null = null
  readonly #needed = new Set<number>()
  /** While it is tried what sections need: commits of suspended devices that they asked for. */
  #asked: Set<number> | null = null

  constructor(parts: NextCommitParts) {
    this.#parts = parts
  }

  /** Order of this device's last commit; -1 when it wrote none. */
  get own(): number {
    const { history } = this.#parts
    return history.branchesOf(this.#number)[0]?.end ?? -1
  }

  /** What it lists and relies on. Of this moment: it moves with the next commit. */
  get plan(): Plan {
    const { history, authority } = this.#parts
    if (this.#length !== history.length || this.#revision !== authority.revision) {
      this.#length = history.length
      this.#revision = authority.revision
      this.#narrow = null
      this.#whole = null
      this.#own = null
    }
    if (this.#asked !== null) return (this.#whole ??= this.#make(true))
    if (this.#needed.size > 0) return (this.#own ??= this.#make(false))
    return (this.#narrow ??= this.#make(false))
  }

  /**
   * Judges sections, and finds what the commit has to list for them although it is new of a suspended device; the plan
   * is that one until `forget`.
   *
   * @param judge - judges the sections by `contextOf`
   */
  try(judge: () => Trial): Trial {
    this.forget()
    const trial = judge()
    if (this.#parts.authority.keptAwayFrom(this.#parts.device ?? '').size === 0) return trial
    if (trial.ok && trial.lacking.length === 0) return trial
    const needed = trial.ok ? trial.lacking : this.#askedBy(judge)
    for (const order of needed) this.#needed.add(order)
    return needed.length === 0 ? trial : judge()
  }

  /** What the last sections needed is needed no longer. */
  forget(): void {
    this.#needed.clear()
    this.#own = null
  }

  /**
   * What a section would be judged by, were it written now; null for a stranger.
   *
   * @param acts - what the whole commit would do for the books; asked for only where a verdict depends on it
   */
  contextOf(section: Section, acts: () => readonly Act[]): SectionContext | null {
    const { device: name, history, documents, stretches, authority } = this.#parts
    if (name === null) return null
    const isFounding = authority.genesis === null && section.document === AUTHORITY
    const standing = this.#parts.standing() ?? (isFounding ? FOUNDER : null)
    if (standing === null) return null
    const { own } = this
    return {
      document: section.document,
      commit: NONE,
      order: history.length,
      stretch: stretches.rootOf(this.#number),
      device: name,
      seq: own < 0 ? 0 : history.seqOf(own) + 1,
      timeMs: 0,
      ...standing,
      role: this.#role(name, standing),
      entries: section.entries,
      payload: section.payload,
      epoch: this.plan.epoch,
      relies: (order) => this.#isIn(this.plan.relied, order),
      knows: (order) => this.#isIn(this.plan.known, order),
      isGood: (order) => this.#isGood(order),
      follows: (order) => own >= 0 && history.isAtOrAfter(own, order),
      find: (id) => history.find(id),
      placeOf: (order) => ({ device: documents.nameOf(order), seq: history.seqOf(order) }),
      isAtOrAfter: (order, earlier) => history.isAtOrAfter(order, earlier),
      forkSeq: (device) => forkSeqOf(history, this.#links(), device),
      voidReason: () => this.judge(acts()).voidBecause,
    }
  }

  get #number(): number {
    return this.#parts.history.findDevice(fromHex(this.#parts.device ?? '') ?? NONE)
  }

  /** What the sections ask for of suspended devices when they may have all; nothing where that does not help them. */
  #askedBy(judge: () => Trial): number[] {
    const narrow = this.plan
    this.#asked = new Set()
    const isHelped = judge().ok
    const asked = [...this.#asked]
    this.#asked = null
    const { history } = this.#parts
    if (!isHelped) return []
    return asked.filter((order) => !narrow.relied.knows(history.branchOf(order), history.seqOf(order)))
  }

  #isIn(vector: PastVector, order: number): boolean {
    const { history } = this.#parts
    const isIn = vector.knows(history.branchOf(order), history.seqOf(order))
    if (isIn) this.#asked?.add(order)
    return isIn
  }

  /** Role of this device under the epoch that it cites. */
  #role(device: string, standing: Standing): Role {
    const { authority } = this.#parts
    const cited = authority.epochs.find(this.plan.epoch)
    return cited === null || authority.genesis === null
      ? standing.role
      : authority.roster.roleAt({ device, ...standing }, cited)
  }

  #isGood(order: number): boolean {
    const { history, epochs } = this.#parts
    const { epoch, seen } = this.plan
    const heads = seen.map((head) => history.find(head.id))
    const draft = { prev: this.own, seen: heads, epoch: epochs.sealOf(epoch) }
    return epochs.evaluation.isGoodForDraft(draft, order)
  }

  /** What the books would make of these acts, were they written now. */
  judge(acts: readonly Act[]): Verdict {
    const { history, epochs, device } = this.#parts
    const { epoch, seen } = this.plan
    const heads = seen.map((head) => history.find(head.id))
    const draft = { device: device ?? '', prev: this.own, seen: heads, epoch: epochs.sealOf(epoch), acts }
    return epochs.evaluation.judge(draft)
  }

  /** Orders that it links to. */
  #links(): number[] {
    const heads = this.plan.seen.map((head) => this.#parts.history.find(head.id))
    return [this.own, ...heads].filter((order) => order >= 0)
  }

  /**
   * On a new chain what leads to the device's own admission comes first: its first commit must rely on it, whatever else
   * there is, and whoever admitted it.
   *
   * @param isWhole - with all that is new of suspended devices
   */
  #make(isWhole: boolean): Plan {
    const { history, authority, epochs, documents, visibility, device } = this.#parts
    const { own } = this
    const admitted = own < 0 ? authority.devices.get(device ?? '')?.admissions[0]?.order : undefined
    const isAdmitted = admitted !== undefined
    const { heads, known, relied } = planAcknowledgements(history, {
      own,
      device: this.#number,
      goodUpTo: (order) => epochs.evaluation.goodUpTo(order),
      isDoubted: (it) => visibility.doubtedFrom(it) < Infinity,
      avoided: isWhole ? NOBODY : this.#avoided(),
      incoming: epochs.evaluation.incomingTo(device ?? ''),
      admissionsOf: (first) => this.#admissionsOf(first),
      toKnow: (knows) => [...this.#toKnow(knows), ...(isAdmitted ? [admitted] : []), ...this.#needed],
    })
    if (isAdmitted) {
      const leads = (order: number): number =>
        Number(!documents.isDoubted(order) && history.relies(order, admitted))
      heads.sort((a, b) => leads(b) - leads(a))
    }
    const seen = heads.map((order) => ({
      device: history.keyOf(history.deviceOf(order)).slice(),
      seq: history.seqOf(order),
      id: history.idOf(order).slice(),
    }))
    return { seen, known, epoch: epochs.toCite(own, seen), relied }
  }

  /** The suspended devices that this one keeps away from, by number. */
  #avoided(): ReadonlyMap<number, readonly number[]> {
    const { authority, history, device } = this.#parts
    const kept = [...authority.keptAwayFrom(device ?? '')]
    return new Map(
      kept.map(([name, suspensions]) => [
        history.findDevice(fromHex(name) ?? NONE),
        suspensions.map((it) => it.order),
      ]),
    )
  }

  /** Commits that admit the device of a first commit, of those that it relies on. */
  #admissionsOf(first: number): number[] {
    const { history, authority, documents } = this.#parts
    const orders = authority.admissionsOf(documents.nameOf(first)).map((it) => it.order)
    return orders.filter((order) => history.relies(first, order))
  }

  /** Commits to know, whoever wrote them: a proof of the tip where there is none, and what the own steward wants settled. */
  #toKnow(knows: (order: number) => boolean): number[] {
    const { authority, history, device } = this.#parts
    const { epochs, decisions } = authority
    const { tip } = epochs
    const settled = decisions.settledBy(device ?? '', tip).map((id) => history.find(id))
    const proof = epochs.isKnown(tip, knows) ? [] : epochs.certificateOf(tip)
    return [...proof, ...settled.filter((order) => order >= 0)]
  }
}

const NONE: Uint8Array = new Uint8Array(32)
const NOBODY: ReadonlyMap<number, readonly number[]> = new Map()
/** What stands behind the first act of a co-op, before there is a member. */
const FOUNDER: Standing = { role: 'steward', member: '', admission: '' }
