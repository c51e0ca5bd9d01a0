import type { UnitTotals, VoidReason } from '#protocol/evaluation'
import { OracleBooks } from './oracle-books.ts'
import type { OracleBook } from './oracle-books.ts'
import { add, bindAnew, debit, isUnderFrontier, unitsAccepted } from './oracle-debits.ts'
import type { DebitGround } from './oracle-debits.ts'
import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'
import { bit, has, ids, keyOf } from './world.ts'
import type { World, WorldCommit, WorldSeal } from './world.ts'

/** What is stored, in the order in which it came. */
export interface Stored {
  readonly commits: Iterable<number>
  readonly seals: Iterable<number>
}

export interface OracleVerdict {
  voidBecause: VoidReason | null
  /** Places of the acts that stand: all of a commit, or none. */
  stands: number[]
  /** Units that the chain has defined by now. */
  defined: Set<string>
  /** Commits on the chains of the heads that the chain lists, and its own. */
  listed: bigint
  /** Transfers that the chain has accepted by now, as `commit.act`. */
  accepted: Set<string>
  /** Of these, what this commit accepts. */
  accepts: string[]
  /** What it took of the allowances of seals. */
  taken: { unit: string; amount: bigint }[]
  left: Map<string, bigint>
  /** Of what is left, by account, what may not be passed on. */
  bound: Map<string, bigint>
}

export interface OracleStanding {
  isContested: boolean
  isLate: boolean
  isSettled: boolean
}

export interface OracleResult {
  verdicts: Map<number, OracleVerdict>
  standings: Map<number, OracleStanding>
  /** Commits that documents show. */
  visible: Set<number>
  /** Acts that stand in the books, as `commit.act`. */
  counted: Set<string>
  books: Map<string, OracleBook>
  /** Sums of a unit. */
  totals(unit: string): UnitTotals
}

interface Node {
  /** Commits that this one relies on by listing heads. */
  trusted: bigint
  taken: Set<string>
  verdict: OracleVerdict
}

/** Evaluates a store by the words of the rules: from sets, everything anew, with no thought of cost. */
export function evaluate(world: World, store: Stored, tip: number, rules: Rules = RULES): OracleResult {
  return new Oracle(world, store, tip, rules).result()
}

/** Judges a commit of a store again and again while its author adds acts. */
export function trial(world: World, store: Stored, id: number, rules: Rules = RULES): () => OracleVerdict {
  const oracle = new Oracle(world, store, 0, rules)
  oracle.judgeAll()
  return () => oracle.judge(id)
}

class Oracle {
  readonly #world: World
  readonly #store: Stored
  readonly #tip: number
  readonly #rules: Rules
  readonly #order: number[]
  readonly #nodes = new Map<number, Node>()
  readonly #verdicts = new Map<number, OracleVerdict>()
  readonly #accepted = new Set<string>()
  readonly #taken = new Set<string>()

  constructor(world: World, store: Stored, tip: number, rules: Rules) {
    this.#world = world
    this.#store = store
    this.#tip = tip
    this.#rules = rules
    this.#order = [...store.commits].sort((a, b) => a - b)
  }

  result(): OracleResult {
    this.judgeAll()
    const line = this.#world.line(this.#tip)
    const forks = this.#allForks()
    const standings = new Map<number, OracleStanding>()
    for (const id of this.#order) standings.set(id, this.#standing(this.#world.at(id), line, forks))
    const books = this.#booksOf(standings)
    return {
      verdicts: this.#verdicts,
      standings,
      visible: this.#visible(standings),
      counted: books.counted,
      books: books.books,
      totals: (unit) => books.totals(unit),
    }
  }

  judgeAll(): void {
    for (const id of this.#order) this.judge(id)
  }

  judge(id: number): OracleVerdict {
    const commit = this.#world.at(id)
    const before = this.#nodes.get(commit.prev)
    const node: Node = {
      trusted: 0n,
      taken: new Set(before?.taken),
      verdict: {
        voidBecause: null,
        stands: [],
        defined: new Set(before?.verdict.defined),
        listed: (before?.verdict.listed ?? 0n) | bit(commit.id),
        accepted: new Set(before?.verdict.accepted),
        accepts: [],
        taken: [],
        left: new Map(before?.verdict.left),
        bound: new Map(before?.verdict.bound),
      },
    }
    this.#nodes.set(commit.id, node)
    this.#verdicts.set(commit.id, node.verdict)
    for (const head of commit.seen) node.verdict.listed |= this.#world.at(head).chain
    const known = this.#rules.knowledgeIsInherited ? commit.past : node.verdict.listed
    const citedBy = this.#rules.knowledgeIsInherited ? commit.past : commit.chain
    const epochs = new Set(ids(citedBy).map((id) => this.#world.at(id).epoch))
    const isOutdated = [...epochs].some(
      (it) => it !== commit.epoch && this.#world.isAncestor(commit.epoch, it),
    )
    const forks = new Map<number, number>()
    for (const epoch of epochs)
      for (const { proofs } of this.#world.line(epoch))
        for (const [device, seq] of proofs) lower(forks, device, seq)
    for (let device = 0; device < this.#world.deviceCount; device += 1)
      lower(forks, device, this.#forkIn(known, device))
    if (!isOutdated) this.#trust(commit, node, forks)
    this.#takeAllowances(commit, node)
    this.#debit(commit, node, isOutdated)
    return node.verdict
  }

  /** Relies on what is good, by the commit's own knowledge, on the chains of the heads that it lists; accepts what it pays. */
  #trust(commit: WorldCommit, node: Node, forks: Map<number, number>): void {
    const line = this.#world.line(this.#rules.verdictsBy === 'cited-line' ? commit.epoch : this.#tip)
    const listed = commit.seen.reduce((bits, head) => bits | this.#world.at(head).chain, 0n)
    for (const id of ids(listed)) {
      const payer = this.#world.at(id)
      if (this.#isContested(payer, line, forks) || this.#isLate(payer, line)) continue
      node.trusted |= bit(id)
      for (const index of this.#verdicts.get(id)?.stands ?? []) {
        const act = payer.acts[index]
        const name = `${id}.${index}`
        if (act?.kind !== 'transfer' || act.to !== keyOf(commit.device)) continue
        if (node.verdict.accepted.has(name)) continue
        node.verdict.accepted.add(name)
        node.verdict.accepts.push(name)
        this.#accepted.add(name)
        add(node.verdict.left, act.unit, act.amount)
      }
    }
  }

  #takeAllowances(commit: WorldCommit, node: Node): void {
    for (const seal of this.#world.line(commit.epoch)) {
      for (const [index, { device, unit, amount }] of seal.allowances.entries()) {
        const name = `${seal.id}.${index}`
        if (device !== commit.device) continue
        if (
          this.#rules.allowancesAreTakenOnce ? node.taken.has(name) : node.taken.has(`${name} ${commit.id}`)
        )
          continue
        node.taken.add(name)
        this.#taken.add(name)
        node.verdict.taken.push({ unit, amount })
        add(node.verdict.left, unit, amount)
      }
    }
  }

  #debit(commit: WorldCommit, { verdict }: Node, isOutdated: boolean): void {
    const ground: DebitGround = {
      world: this.#world,
      rules: this.#rules,
      verdicts: this.#verdicts,
      line: this.#world.line(commit.epoch),
    }
    bindAnew(commit, verdict.bound, unitsAccepted(commit, ground), ground)
    const before = this.#verdicts.get(commit.prev)
    if (before !== undefined && before.voidBecause !== null) verdict.voidBecause = 'void-before'
    else if (isOutdated) verdict.voidBecause = 'epoch-outdated'
    if (verdict.voidBecause !== null) return
    const { reason, stands, left, defined, bound } = debit(commit, verdict, ground)
    verdict.voidBecause = reason
    verdict.stands = stands
    verdict.left = left
    verdict.defined = defined
    verdict.bound = bound
  }

  /** Lowest seq of which the device has two commits in the set. */
  #forkIn(commits: bigint, device: number): number {
    const met = new Set<number>()
    let first = Infinity
    for (const id of ids(commits)) {
      const commit = this.#world.at(id)
      if (commit.device !== device) continue
      if (met.has(commit.seq)) first = Math.min(first, commit.seq)
      met.add(commit.seq)
    }
    return first
  }

  #allForks(): Map<number, number> {
    const stored = this.#order.reduce((bits, id) => bits | bit(id), 0n)
    const forks = new Map<number, number>()
    for (let device = 0; device < this.#world.deviceCount; device += 1)
      lower(forks, device, this.#forkIn(stored, device))
    for (const id of this.#store.seals)
      for (const [device, seq] of this.#world.sealAt(id).proofs) lower(forks, device, seq)
    return forks
  }

  #isFinal(commit: WorldCommit, line: readonly WorldSeal[]): boolean {
    return this.#rules.frontiersAreFinal && isUnderFrontier(this.#world, commit, line)
  }

  #isContested(commit: WorldCommit, line: readonly WorldSeal[], forks: Map<number, number>): boolean {
    return commit.seq >= (forks.get(commit.device) ?? Infinity) && !this.#isFinal(commit, line)
  }

  #isLate(commit: WorldCommit, line: readonly WorldSeal[]): boolean {
    if (this.#isFinal(commit, line)) return false
    const isUnder = isUnderFrontier(this.#world, commit, line)
    if (!isUnder && line.some((seal) => seal.closed.includes(commit.device))) return true
    const floor = Math.max(...line.map((seal) => seal.floor))
    return ids(commit.chain).some((id) => {
      const at = this.#world.at(id)
      return !this.#isFinal(at, line) && this.#world.sealAt(at.epoch).height < floor
    })
  }

  #standing(commit: WorldCommit, line: readonly WorldSeal[], forks: Map<number, number>): OracleStanding {
    const isFirst = !this.#rules.branchesAreEqual && this.#isOnFirstBranch(commit, forks)
    const isContested = !isFirst && this.#isContested(commit, line, forks)
    const isLate = this.#isLate(commit, line)
    return { isContested, isLate, isSettled: isUnderFrontier(this.#world, commit, line) }
  }

  /** True when of the commits at the fork of its device the one that came first is on its chain. */
  #isOnFirstBranch({ device, chain }: WorldCommit, forks: Map<number, number>): boolean {
    const isAtFork = (id: number): boolean =>
      this.#world.at(id).device === device && this.#world.at(id).seq === forks.get(device)
    const first = [...this.#store.commits].find(isAtFork)
    return first !== undefined && has(chain, first)
  }

  /** What is good, and what shown commits rely on. */
  #visible(standings: ReadonlyMap<number, OracleStanding>): Set<number> {
    const isGood = (id: number): boolean => {
      const standing = standings.get(id) as OracleStanding
      return !standing.isContested && !standing.isLate
    }
    const visible = new Set(this.#order.filter(isGood))
    for (let size = -1; size !== visible.size;) {
      size = visible.size
      for (const id of [...visible]) for (const it of ids(this.#nodes.get(id)?.trusted ?? 0n)) visible.add(it)
    }
    return visible
  }

  #booksOf(standings: ReadonlyMap<number, OracleStanding>): OracleBooks {
    const books = new OracleBooks({
      world: this.#world,
      rules: this.#rules,
      order: this.#order,
      verdicts: this.#verdicts,
      standings,
      accepted: this.#accepted,
    })
    const onLine = new Set(this.#world.line(this.#tip).map((seal) => seal.id))
    for (const seal of this.#store.seals)
      for (const [index, issued] of this.#world.sealAt(seal).allowances.entries())
        if (onLine.has(seal) || this.#taken.has(`${seal}.${index}`)) books.issue(issued, onLine.has(seal))
    books.enter()
    return books
  }
}

function lower(numbers: Map<number, number>, key: number, value: number): void {
  if (value < (numbers.get(key) ?? Infinity)) numbers.set(key, value)
}
