import { Evaluation, FOUNDING } from '../evaluation/index.ts'
import type { Act, EvaluationInit } from '../evaluation/index.ts'
import type { Closing, Epoch, EpochTree } from '../authority/index.ts'
import type { SeenHead } from '../commit/index.ts'
import { equalBytes, fromHex, toHex } from '../encoding/index.ts'
import { CountList } from '../history/index.ts'
import type { History } from '../history/index.ts'
import type { BooksLoss } from './saved-books.ts'
import type { Ground, Visibility } from './visibility.ts'

/** Told of a commit that was taken into account, with the devices of which other commits became good or are no longer. */
type Taken = (order: number, regraded: readonly number[]) => void

/**
 * The epochs that commits cite, and how commits stand by them: it hands each commit of the log to the evaluation once
 * the seal that it cites is known, and what follows to the history and to what is shown. A replica that opens knows
 * links long before it has folded the authority document, so this may lag behind the history; nothing is asked of a
 * commit before.
 */
export class Epochs {
  #evaluation: Evaluation
  /** Commits that saved books stand for: what they did is not told again. */
  readonly #savedLength: number
  #booksLoss: BooksLoss | null = null
  readonly #history: History
  readonly #nameOf: (device: number) => string
  readonly #coop: Uint8Array
  readonly #source: EpochTree
  readonly #admissionOf: (first: number) => string | null
  /** By order: the place in `#ids` of the epoch that the commit cites. */
  readonly #epochOf = new CountList()
  /** By order: what commits do for the books, until they are taken into account. */
  readonly #acts = new Map<number, readonly Act[]>()
  readonly #ids: Uint8Array[]
  /** The same in hex. */
  readonly #names: string[] = []
  /** The last epoch that nothing was found to follow, with its place in `#ids`. */
  #lastTip: { epoch: Epoch | null; place: number } = { epoch: null, place: -1 }
  /** By place in `#ids`: number of the seal in the evaluation; -1 while it is not there. */
  readonly #seals: number[] = [FOUNDING]

  /** By device key, hex: closings of chains that stand on an admission, as far as seals are known. */
  readonly #closings = new Map<string, Closing[]>()

  /**
   * @param parts.source - who knows the committed seals: the authority document
   * @param parts.nameOf - key (hex) of a device by number
   * @param parts.admissionOf - commit (hex) of the admission that the chain from a first commit stands on; null for none
   * @param parts.savedLength - commits that saved books stand for, which are to be taken up with `resume`; 0 for none
   */
  constructor(parts: {
    coop: Uint8Array
    history: History
    source: EpochTree
    admissionOf: (first: number) => string | null
    nameOf: (device: number) => string
    savedLength: number
  }) {
    this.#savedLength = parts.savedLength
    this.#nameOf = parts.nameOf
    this.#history = parts.history
    this.#coop = parts.coop
    this.#source = parts.source
    this.#admissionOf = parts.admissionOf
    this.#ids = [parts.coop]
    this.#evaluation = new Evaluation(this.#init)
  }

  get #init(): EvaluationInit {
    return { graph: this.#history, keyOf: this.#nameOf, demandsUnits: true }
  }

  /** What is valid, accepted and counted, as far as commits were taken into account. */
  get evaluation(): Evaluation {
    return this.#evaluation
  }

  /** Commits that saved books stand for; 0 without any. */
  get savedLength(): number {
    return this.#savedLength
  }

  /** Why saved books are of no use; nothing more is taken into account then. Null while they are, or there were none. */
  get booksLoss(): BooksLoss | null {
    return this.#booksLoss
  }

  /** To be called where saved books turn out to be of no use. */
  loseBooks(loss: BooksLoss): void {
    this.#booksLoss = loss
  }

  /** Takes up a saved evaluation: the history holds all commits that it stands for. False for other bytes. */
  resume(saved: Uint8Array): boolean {
    const evaluation = Evaluation.restore(saved, this.#init)
    if (evaluation?.length !== this.#savedLength) return false
    this.#evaluation = evaluation
    for (const [order, cut] of evaluation.cuts) this.#history.cut(order, cut)
    return true
  }

  /** True when a commit that is not here yet cannot be taken into account without the books of the whole log. */
  isOutOfReach(device: Uint8Array, prev: number): boolean {
    return this.#savedLength > 0 && this.evaluation.wouldNeedHistory(toHex(device), prev)
  }

  /** What visibility stands on. */
  get ground(): Ground {
    return {
      goodUpTo: (order) => this.#goodUpTo(order),
      trustedHead: (order, head) => this.#history.trustedHead(order, head),
    }
  }

  /** Number of commits taken into account. */
  get length(): number {
    return this.evaluation.length
  }

  /** Commits that are kept with what they do, because they were not taken into account yet. */
  get heldCount(): number {
    return this.#acts.size
  }

  /** Id of the epoch that a commit of the log cites. */
  idOf(order: number): Uint8Array {
    return this.#ids[this.#epochOf.at(order) ?? 0] ?? this.#coop
  }

  /** Notes what the newest commit of the history cites, and does for the books. */
  note(epoch: Uint8Array, acts: readonly Act[]): void {
    const order = this.#epochOf.length
    if (acts.length > 0 && order >= this.#savedLength) this.#acts.set(order, acts)
    this.#epochOf.push(this.#placeOf(epoch))
  }

  /**
   * True when a commit may cite the epoch: what comes before it on its chain cites it, or its past holds the seal's
   * certificate. Follows from the commit's bytes and its past alone.
   *
   * @param links - order of the commit before (-1: none), and of the heads that it lists
   */
  mayCite(epoch: Uint8Array, links: { prev: number; seen: readonly number[] }): boolean {
    if (equalBytes(epoch, this.#coop)) return true
    if (links.prev >= 0 && equalBytes(this.idOf(links.prev), epoch)) return true
    const sealed = this.#source.find(epoch)
    return sealed !== null && this.#source.isKnown(sealed, (order) => this.#isKnownTo(links, order))
  }

  /**
   * Takes all commits into account whose epochs are known, in the order of the log, up to and with `last`: the commit that
   * bears the next authority section to be folded, at most, since what stands on an admission, and what a seal closes, must
   * be known before others list it. Tells of each, with the devices of which other commits became good with it, or are good
   * no longer; while nothing is in doubt not of those that put nothing in doubt.
   */
  catchUp(last: number, shown: Pick<Visibility, 'hasDoubts'>, taken: Taken): void {
    if (this.#booksLoss !== null) return
    for (let order = this.evaluation.length; order <= last; order += 1) {
      const seal = this.#sealAt(this.#epochOf.at(order) ?? 0)
      if (seal < 0) return
      const isOutdated = this.#isOutdated(order)
      const acts = this.#acts.size === 0 ? undefined : this.#acts.get(order)
      const isFirst = this.#closings.size > 0 && this.#history.seqOf(order) === 0
      if (acts !== undefined) this.#acts.delete(order)
      else if (!isOutdated && !isFirst && !shown.hasDoubts && this.evaluation.appendPlain(order, seal))
        continue
      if (this.evaluation.needsHistory(order)) return this.loseBooks('reach')
      const { changes, cut } = this.evaluation.append(order, seal, acts ?? NO_ACTS, isOutdated)
      this.#history.cut(order, cut)
      taken(order, isFirst ? [...changes.regraded, ...this.#meet(order)] : changes.regraded)
    }
  }

  /**
   * The epoch that a next commit of a chain cites: the last one on the chosen line that its past proves, unless its past
   * goes on from there on a line that lost.
   *
   * @param own - order of the commit before; -1 for a first one
   */
  toCite(own: number, seen: readonly SeenHead[]): Uint8Array {
    const links = { prev: own, seen: seen.map((head) => this.#history.find(head.id)) }
    let best = this.#source.tip
    const isKnown = (order: number): boolean => this.#isKnownTo(links, order)
    while (best.parent !== null && !this.#source.isKnown(best, isKnown)) best = best.parent
    const { evaluation } = this
    const seal = evaluation.findSeal(sealName(best))
    const past = [own, ...links.seen].filter((order) => order >= 0)
    const later = evaluation.knownTips(past).find((tip) => tip !== seal && evaluation.isOnLine(seal, tip))
    return later === undefined ? best.id : (fromHex(evaluation.sealId(later)) ?? this.#coop)
  }

  /**
   * Takes newly committed seals into account; devices of which commits became good, or are good no longer. Saved books know
   * those of the commits that they stand for, with the tip and what was closed.
   *
   * @param next - order of the next commit with a section of the authority document that is not folded; Infinity for none
   */
  seal(next: number): readonly number[] {
    const { evaluation } = this
    const committed = this.#source.takeCommitted()
    if (next < this.#savedLength) {
      if (committed.some((epoch) => evaluation.findSeal(sealName(epoch)) < 0)) this.loseBooks('misfit')
      for (const closing of this.#source.takeClosings()) this.#remember(closing)
      return []
    }
    const regraded = new Set<number>()
    for (const epoch of committed) {
      const parent = evaluation.findSeal(sealName(epoch.parent))
      const result = evaluation.addSeal({ ...epoch.facts, id: toHex(epoch.id), parent })
      // Whoever signed it held it against the same commits, so it stands here as well.
      if (!result.ok) throw new Error(`a committed seal does not stand: '${result.refusal}'`)
      for (const device of result.changes.regraded) regraded.add(device)
    }
    for (const closing of this.#source.takeClosings())
      for (const device of this.#await(closing)) regraded.add(device)
    // Where the line has split, a signature alone may move the tip.
    const tip = evaluation.findSeal(sealName(this.#source.tip))
    if (committed.length > 0 || tip !== evaluation.tip)
      for (const device of evaluation.chooseTip(tip).regraded) regraded.add(device)
    return [...regraded].sort((a, b) => a - b)
  }

  /** True when the commit's past holds a certificate of an epoch that follows the one that it cites. */
  #isOutdated(order: number): boolean {
    // A name for each epoch, not for each commit: a log that opens asks a million times.
    const place = this.#epochOf.at(order) ?? 0
    const { tip } = this.#source
    // Nothing follows the tip, which most cite.
    if (tip === this.#lastTip.epoch && place === this.#lastTip.place) return false
    const name = (this.#names[place] ??= toHex(this.#ids[place] ?? this.#coop))
    if (name === tip.name && tip.children.length === 0) {
      this.#lastTip = { epoch: tip, place }
      return false
    }
    const cited = this.#source.find(name)
    return cited !== null && this.#source.isOutdated(cited, (earlier) => this.#history.knows(order, earlier))
  }

  /** Holds a closing against the chains of its device that are here, and keeps it for those to come. Devices as of `seal`. */
  #await(closing: Closing): number[] {
    this.#remember(closing)
    const device = this.#history.findDevice(fromHex(closing.device) ?? this.#coop)
    const regraded: number[] = []
    for (const { base, orders } of this.#history.branchesOf(device)) {
      const first = orders.at(0) ?? -1
      if (base === 0 && first >= 0 && first < this.length) regraded.push(...this.#close(closing, first))
    }
    return regraded
  }

  #remember(closing: Closing): void {
    const closings = this.#closings.get(closing.device)
    if (closings === undefined) this.#closings.set(closing.device, [closing])
    else closings.push(closing)
  }

  /** Holds a first commit against the closings of its device. */
  #meet(first: number): number[] {
    const device = toHex(this.#history.keyOf(this.#history.deviceOf(first)))
    return (this.#closings.get(device) ?? []).flatMap((closing) => this.#close(closing, first))
  }

  /** Closes the chain from a first commit on, if it stands on the admission that is meant. */
  #close(closing: Closing, first: number): readonly number[] {
    if (this.#admissionOf(first) !== closing.admission) return []
    const seal = this.evaluation.findSeal(sealName(closing.epoch))
    return this.evaluation.close(first, seal).regraded
  }

  /** Number of an epoch in the evaluation; -1 for an unknown one. */
  sealOf(epoch: Uint8Array): number {
    return this.#sealAt(this.#placeOf(epoch))
  }

  #sealAt(place: number): number {
    const known = this.#seals[place] ?? -1
    if (known >= 0) return known
    return (this.#seals[place] = this.evaluation.findSeal(toHex(this.#ids[place] ?? this.#coop)))
  }

  #placeOf(epoch: Uint8Array): number {
    // The newest are asked for most.
    const place = this.#ids.findLastIndex((it) => equalBytes(it, epoch))
    return place >= 0 ? place : this.#ids.push(epoch.slice()) - 1
  }

  /** True when a commit is in the past of one with these links. */
  #isKnownTo({ prev, seen }: { prev: number; seen: readonly number[] }, order: number): boolean {
    if (prev >= 0 && this.#history.knows(prev, order)) return true
    return seen.some((head) => this.#history.knows(head, order))
  }

  /** Of a chain that is taken into account in part, what that says. */
  #goodUpTo(order: number): number {
    let at = order
    while (at >= this.evaluation.length) at = this.#history.prevOf(at)
    return at < 0 ? -1 : this.evaluation.goodUpTo(at)
  }
}

function sealName(epoch: Epoch | null): string {
  return epoch === null || epoch.parent === null ? '' : toHex(epoch.id)
}

const NO_ACTS: readonly never[] = []
