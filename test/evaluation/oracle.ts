import type { Act, VoidReason } from '#protocol/evaluation'
import { bit, has, ids, keyOf } from './world.ts'
import type { Store, World, WorldCommit, WorldSeal } from './world.ts'

/** The rules, each with a switch, so that a test can show what goes wrong without it. */
export interface Rules {
  /**
   * Whose seals decide what a commit may say: those of the epoch it cites, or of the line that wins today.
   */
  verdictsBy: 'cited-line' | 'winning-line'
  /** A late transfer does not count although its receiver accepted it. */
  lateBeatsAcceptance: boolean
  /** Facts of late and contested commits count. */
  factsAlwaysCount: boolean
  /** What a frontier settled is neither contested nor late. */
  frontiersAreFinal: boolean
  /** An allowance takes what it replaces from the silent device. */
  sealsTakeHoldings: boolean
  /** What is anywhere in the causal past is known, not only what the chain itself lists. */
  knowledgeIsInherited: boolean
}

export const RULES: Rules = {
  verdictsBy: 'cited-line',
  lateBeatsAcceptance: false,
  factsAlwaysCount: true,
  frontiersAreFinal: true,
  sealsTakeHoldings: false,
  knowledgeIsInherited: true,
}

export interface OracleVerdict {
  voidBecause: VoidReason | null
  /** Units that the chain has defined by now. */
  defined: Set<string>
  /** Commits on the chains of the heads that the chain lists, and its own. */
  listed: bigint
  /** Transfers that the chain has accepted by now, as `commit.act`. */
  accepted: Set<string>
  /** Of these, what this commit accepts. */
  accepts: string[]
  left: Map<string, bigint>
}

export interface OracleStanding {
  isContested: boolean
  isLate: boolean
  isSettled: boolean
}

export interface OracleBook {
  issued: bigint
  issuedAside: bigint
  consumed: bigint
  movedIn: bigint
  movedOut: bigint
  holdings: bigint[]
  inFlight: bigint[]
  /** What was issued against each device's loss account. */
  replaced: bigint[]
}

export interface OracleResult {
  verdicts: Map<number, OracleVerdict>
  standings: Map<number, OracleStanding>
  /** Commits that documents show. */
  visible: Set<number>
  /** Acts that stand in the books, as `commit.act`. */
  counted: Set<string>
  books: Map<string, OracleBook>
}

interface Node {
  /** Commits that this one relies on by listing heads. */
  trusted: bigint
  taken: Set<string>
  verdict: OracleVerdict
}

/** Evaluates a store by the words of the rules: from sets, everything anew, with no thought of cost. */
export function evaluate(world: World, store: Store, tip: number, rules: Rules = RULES): OracleResult {
  return new Oracle(world, store, tip, rules).result()
}

class Oracle {
  readonly #world: World
  readonly #store: Store
  readonly #tip: number
  readonly #rules: Rules
  readonly #order: number[]
  readonly #nodes = new Map<number, Node>()
  readonly #accepted = new Set<string>()
  readonly #taken = new Set<string>()

  constructor(world: World, store: Store, tip: number, rules: Rules) {
    this.#world = world
    this.#store = store
    this.#tip = tip
    this.#rules = rules
    this.#order = [...store.commits].sort((a, b) => a - b)
  }

  result(): OracleResult {
    for (const id of this.#order) this.#judge(this.#world.at(id))
    const line = this.#world.line(this.#tip)
    const forks = this.#allForks()
    const standings = new Map<number, OracleStanding>()
    for (const id of this.#order) standings.set(id, this.#standing(this.#world.at(id), line, forks))
    const { counted, books } = this.#count(standings)
    const verdicts = new Map([...this.#nodes].map(([id, node]) => [id, node.verdict]))
    return { verdicts, standings, visible: this.#visible(standings), counted, books }
  }

  #judge(commit: WorldCommit): void {
    const before = this.#nodes.get(commit.prev)
    const node: Node = {
      trusted: 0n,
      taken: new Set(before?.taken),
      verdict: {
        voidBecause: null,
        defined: new Set(before?.verdict.defined),
        listed: (before?.verdict.listed ?? 0n) | bit(commit.id),
        accepted: new Set(before?.verdict.accepted),
        accepts: [],
        left: new Map(before?.verdict.left),
      },
    }
    this.#nodes.set(commit.id, node)
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
    node.verdict.voidBecause = this.#debit(commit, node, isOutdated)
  }

  /** Relies on what is good, by the commit's own knowledge, on the chains of the heads that it lists; accepts what it pays. */
  #trust(commit: WorldCommit, node: Node, forks: Map<number, number>): void {
    const line = this.#world.line(this.#rules.verdictsBy === 'cited-line' ? commit.epoch : this.#tip)
    const listed = commit.seen.reduce((bits, head) => bits | this.#world.at(head).chain, 0n)
    for (const id of ids(listed)) {
      const payer = this.#world.at(id)
      if (this.#isContested(payer, line, forks) || this.#isLate(payer, line)) continue
      node.trusted |= bit(id)
      if (this.#nodes.get(id)?.verdict.voidBecause !== null) continue
      for (const [index, act] of payer.acts.entries()) {
        const name = `${id}.${index}`
        if (act.kind !== 'transfer' || act.to !== keyOf(commit.device)) continue
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
        if (device !== commit.device || node.taken.has(name)) continue
        node.taken.add(name)
        this.#taken.add(name)
        add(node.verdict.left, unit, amount)
      }
    }
  }

  #debit(commit: WorldCommit, node: Node, isOutdated: boolean): VoidReason | null {
    const before = this.#nodes.get(commit.prev)
    if (before !== undefined && before.verdict.voidBecause !== null) return 'void-before'
    if (isOutdated) return 'epoch-outdated'
    const left = new Map(node.verdict.left)
    const defined = new Set(node.verdict.defined)
    for (const act of commit.acts) {
      if (isMalformed(act, keyOf(commit.device))) return 'malformed'
      if (act.kind === 'define') {
        if (defined.has(act.unit)) return 'defined-twice'
        defined.add(act.unit)
        add(left, `${act.unit}+`, act.supply)
        continue
      }
      const isKnown = defined.has(unitOf(act.unit)) || this.#isDefinedIn(commit, unitOf(act.unit))
      if (this.#world.demandsUnits && !isKnown) return 'unknown-unit'
      if ((left.get(act.unit) ?? 0n) < act.amount) return 'uncovered'
      add(left, act.unit, -act.amount)
      if (act.kind === 'fact' && act.into !== undefined) add(left, act.into, act.amount)
    }
    node.verdict.left = left
    node.verdict.defined = defined
    return null
  }

  /** True when a valid commit before this one, in its past, defines the unit. */
  #isDefinedIn({ id, past }: WorldCommit, unit: string): boolean {
    return ids(past).some(
      (it) =>
        it !== id &&
        this.#nodes.get(it)?.verdict.voidBecause === null &&
        this.#world.at(it).acts.some((act) => act.kind === 'define' && act.unit === unit),
    )
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

  #isUnderFrontier(commit: WorldCommit, line: readonly WorldSeal[]): boolean {
    return line.some((seal) => {
      const head = seal.frontier.get(commit.device)
      return head !== undefined && has(this.#world.at(head).chain, commit.id)
    })
  }

  #isFinal(commit: WorldCommit, line: readonly WorldSeal[]): boolean {
    return this.#rules.frontiersAreFinal && this.#isUnderFrontier(commit, line)
  }

  #isContested(commit: WorldCommit, line: readonly WorldSeal[], forks: Map<number, number>): boolean {
    return commit.seq >= (forks.get(commit.device) ?? Infinity) && !this.#isFinal(commit, line)
  }

  #isLate(commit: WorldCommit, line: readonly WorldSeal[]): boolean {
    if (this.#isFinal(commit, line)) return false
    const isUnder = this.#isUnderFrontier(commit, line)
    if (!isUnder && line.some((seal) => seal.closed.includes(commit.device))) return true
    const floor = Math.max(...line.map((seal) => seal.floor))
    return ids(commit.chain).some((id) => {
      const at = this.#world.at(id)
      return !this.#isFinal(at, line) && this.#world.sealAt(at.epoch).height < floor
    })
  }

  #standing(commit: WorldCommit, line: readonly WorldSeal[], forks: Map<number, number>): OracleStanding {
    const isContested = this.#isContested(commit, line, forks)
    const isLate = this.#isLate(commit, line)
    return { isContested, isLate, isSettled: this.#isUnderFrontier(commit, line) }
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

  #count(standings: Map<number, OracleStanding>): { counted: Set<string>; books: Map<string, OracleBook> } {
    const counted = new Set<string>()
    const books = new Map<string, OracleBook>()
    /** Units with who defined them: the supply is the device's once, however many branches define it. */
    const supplies = new Set<string>()
    this.#issue(books)
    for (const id of this.#order) {
      const { device, acts } = this.#world.at(id)
      if (this.#nodes.get(id)?.verdict.voidBecause !== null) continue
      const standing = standings.get(id) as OracleStanding
      const isGood = !standing.isContested && !standing.isLate
      for (const [index, act] of acts.entries()) {
        const name = `${id}.${index}`
        if (act.kind !== 'transfer' && !isGood && !this.#rules.factsAlwaysCount) continue
        if (act.kind === 'define') {
          counted.add(name)
          const supplied = this.#book(books, `${act.unit}+`)
          if (!supplies.has(`${act.unit}/${device}`)) {
            supplied.issued += act.supply
            supplied.holdings[device] = (supplied.holdings[device] ?? 0n) + act.supply
          }
          supplies.add(`${act.unit}/${device}`)
          continue
        }
        const book = this.#book(books, act.unit)
        if (act.kind === 'fact') {
          counted.add(name)
          book.holdings[device] = (book.holdings[device] ?? 0n) - act.amount
          if (act.into === undefined) {
            book.consumed += act.amount
            continue
          }
          book.movedOut += act.amount
          const other = this.#book(books, act.into)
          other.movedIn += act.amount
          other.holdings[device] = (other.holdings[device] ?? 0n) + act.amount
          continue
        }
        const isAccepted = this.#accepted.has(name)
        const isBeaten = standing.isLate && this.#rules.lateBeatsAcceptance
        if (!isGood && (!isAccepted || isBeaten)) continue
        counted.add(name)
        const to = deviceOf(act.to)
        const side = isAccepted ? book.holdings : book.inFlight
        book.holdings[device] = (book.holdings[device] ?? 0n) - act.amount
        side[to] = (side[to] ?? 0n) + act.amount
      }
    }
    return { counted, books }
  }

  #issue(books: Map<string, OracleBook>): void {
    const onLine = new Set(this.#world.line(this.#tip).map((seal) => seal.id))
    for (const seal of this.#store.seals) {
      for (const [index, issued] of this.#world.sealAt(seal).allowances.entries()) {
        if (!onLine.has(seal) && !this.#taken.has(`${seal}.${index}`)) continue
        const book = this.#book(books, issued.unit)
        book.issued += issued.amount
        if (!onLine.has(seal)) book.issuedAside += issued.amount
        book.holdings[issued.device] = (book.holdings[issued.device] ?? 0n) + issued.amount
        if (issued.insteadOf < 0) continue
        book.replaced[issued.insteadOf] = (book.replaced[issued.insteadOf] ?? 0n) + issued.amount
        if (!this.#rules.sealsTakeHoldings) continue
        book.issued -= issued.amount
        book.holdings[issued.insteadOf] = (book.holdings[issued.insteadOf] ?? 0n) - issued.amount
      }
    }
  }

  #book(books: Map<string, OracleBook>, unit: string): OracleBook {
    const none = (): bigint[] => Array.from({ length: this.#world.deviceCount }, () => 0n)
    const book = books.get(unit) ?? {
      issued: 0n,
      issuedAside: 0n,
      consumed: 0n,
      movedIn: 0n,
      movedOut: 0n,
      holdings: none(),
      inFlight: none(),
      replaced: none(),
    }
    books.set(unit, book)
    return book
  }
}

/** What an act says by itself that no author may say. */
function isMalformed(act: Act, author: string): boolean {
  const isOutside = (amount: bigint, least: bigint): boolean => amount < least || amount >= 2n ** 63n
  if (act.kind === 'define') {
    const isLimitOutside = act.relayMax !== null && isOutside(act.relayMax, 0n)
    return act.unit === '' || unitOf(act.unit) !== act.unit || isOutside(act.supply, 0n) || isLimitOutside
  }
  if (isOutside(act.amount, 1n)) return true
  if (act.kind === 'transfer') return act.to === author || unitOf(act.unit) !== act.unit
  return act.into !== undefined && (act.into === act.unit || unitOf(act.into) !== unitOf(act.unit))
}

/** The unit of an account, whose name has one of these signs behind the unit's for all but what is held. */
function unitOf(account: string): string {
  return account.replace(/[-+~=!]$/, '')
}

function deviceOf(key: string): number {
  return Number(key.slice(keyOf(0).length - 1))
}

function lower(numbers: Map<number, number>, key: number, value: number): void {
  if (value < (numbers.get(key) ?? Infinity)) numbers.set(key, value)
}

function add(amounts: Map<string, bigint>, key: string, amount: bigint): void {
  amounts.set(key, (amounts.get(key) ?? 0n) + amount)
}
