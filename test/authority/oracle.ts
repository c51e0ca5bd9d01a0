import { applyChange, foundingEpoch, isOnLine, nextEpoch, quorumOf, stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import type { Rules } from './rules.ts'
import { chainOf, forkIn, isOnChain } from './world.ts'
import type { Act, Change, Commit, Genesis, SealRecord } from './world.ts'

/** Null when there is nothing to say, else `valid` or the refusal. */
export type Verdict = string | null

/** A ballot or a vote for a recovery. */
type Ballot = Extract<Act, { seal: SealRecord }>

/** Lowest seq at which the chain of a device is known to part, or Infinity. */
type Knowledge = (device: string) => number

/** What was found of commits, by their pasts alone: the same for every oracle with the same rules. */
interface Memory {
  readonly pasts: Map<Commit, ReadonlySet<Commit>>
  readonly known: Map<Commit, ReadonlyMap<string, SealRecord>>
  readonly relied: Map<Commit, ReadonlySet<Commit>>
  readonly verdicts: Map<Commit, Verdict>
  readonly standings: Map<Commit, FoundStanding | null>
  readonly epochs: Map<string, Epoch>
  readonly electors: Map<Epoch, ReadonlySet<string>>
}

/** Whom a chain speaks for. */
interface Standing {
  readonly device: string
  readonly member: string
  readonly role: string
}

type FoundStanding = Standing & { readonly admission: Commit }

/**
 * docs/protocol/authority.md, as directly as possible and in no hurry: what a set of commits says. Everything is a set
 * that is searched from end to end; what is kept between questions follows from a commit's past alone.
 */
export class Oracle {
  readonly genesis: Genesis
  readonly commits: ReadonlySet<Commit>
  readonly rules: Rules
  readonly #byId = new Map<string, Commit>()
  readonly #records = new Map<string, SealRecord>()
  readonly #memory: Memory

  /** @param commits With the past of each. */
  constructor(genesis: Genesis, commits: Iterable<Commit>, rules: Rules, memory: Memory = newMemory()) {
    this.genesis = genesis
    this.rules = rules
    this.#memory = memory
    this.commits = new Set()
    for (const commit of commits) this.add(commit)
  }

  /** One that knows nothing yet, for other orders of the same history: what this one finds of a past, it finds too. */
  another(): Oracle {
    return new Oracle(this.genesis, [], this.rules, this.#memory)
  }

  /** Adds a commit whose past is there. */
  add(commit: Commit): void {
    // Equal bytes are one commit: a second object for them would be in some pasts and not in others.
    if ((this.#byId.get(commit.id) ?? commit) !== commit) throw new Error(`${commit.id} is written twice`)
    ;(this.commits as Set<Commit>).add(commit)
    this.#byId.set(commit.id, commit)
    if (commit.act !== null && 'seal' in commit.act) this.#records.set(commit.act.seal.id, commit.act.seal)
  }

  record(id: string): SealRecord {
    return this.#records.get(id) as SealRecord
  }

  /** Whether a commit of these bytes is here. */
  isHere({ id }: Commit): boolean {
    return this.#byId.has(id)
  }

  commit(id: string): Commit {
    return this.#byId.get(id) as Commit
  }

  /** Everything before the commit. */
  before(commit: Commit): ReadonlySet<Commit> {
    let before = this.#memory.pasts.get(commit)
    if (before !== undefined) return before
    const all = new Set<Commit>()
    for (const head of [commit.prev, ...commit.seen]) {
      if (head === null) continue
      for (const it of this.before(head)) all.add(it)
      all.add(head)
    }
    before = all
    this.#memory.pasts.set(commit, before)
    return before
  }

  /** Seals of which certificates are in the commit's past, itself not counted. */
  known(commit: Commit): ReadonlyMap<string, SealRecord> {
    let known = this.#memory.known.get(commit)
    if (known === undefined) {
      known = this.committed(this.before(commit))
      this.#memory.known.set(commit, known)
    }
    return known
  }

  /** Whether any replica stores the commit: it cites the founding epoch, or one whose certificate is in its past. */
  isCitable(commit: Commit): boolean {
    return commit.epoch === this.genesis.coop || this.known(commit).has(commit.epoch)
  }

  /** Why no replica stores the commit, whose past it has; null when every one does. */
  refusal(commit: Commit): string | null {
    const { prev, act } = commit
    const isAdmitted = act?.t === 'genesis' || this.admissions(this.before(commit), commit.device).length > 0
    if (prev === null && !isAdmitted) return 'unknown-device'
    return this.isCitable(commit) ? null : 'unknown-epoch'
  }

  /** Whether its past holds a descendant of the epoch that it cites. */
  isOutdated(commit: Commit): boolean {
    if (this.rules.outdated === 'taken') return false
    return [...this.known(commit).keys()].some(
      (id) => id !== commit.epoch && isOnLine(commit.epoch, this.epoch(id)),
    )
  }

  /** What becomes of the commit's act. */
  verdict(commit: Commit): Verdict {
    let verdict = this.#memory.verdicts.get(commit)
    if (verdict === undefined) {
      verdict = commit.act === null ? null : this.#judge(commit, commit.act)
      this.#memory.verdicts.set(commit, verdict)
    }
    return verdict
  }

  isValid(commit: Commit): boolean {
    return this.verdict(commit) === 'valid'
  }

  /** Seals that these commits commit. */
  committed(commits: Iterable<Commit>): ReadonlyMap<string, SealRecord> {
    const voters = new Map<string, Set<string>>()
    const committed = new Map<string, SealRecord>()
    for (const commit of commits) {
      const { act } = commit
      if (act === null || !('seal' in act) || act.t === 'support' || !this.isValid(commit)) continue
      const parent = this.epoch(act.seal.parent)
      const voter = this.#voter(commit, act, parent)
      const key = `${act.seal.id}/${act.t}/${'round' in act ? act.round : act.attempt}`
      const counted = (voters.get(key) ?? new Set()).add(voter ?? '')
      voters.set(key, counted)
      if (counted.size >= this.#quorumFor(act, parent)) committed.set(act.seal.id, act.seal)
    }
    return committed
  }

  /** The highest attempt at which a quorum of electors speaks for the recovery in these commits; 0 of a seal. */
  attemptOf(seal: SealRecord, commits: readonly Commit[]): number {
    const parent = this.epoch(seal.parent)
    const voters = new Map<number, Set<string>>()
    const made: number[] = []
    for (const commit of commits) {
      const { act } = commit
      if (act === null || !('attempt' in act) || act.seal.id !== seal.id || !this.isValid(commit)) continue
      const counted = voters.get(act.attempt) ?? new Set()
      voters.set(act.attempt, counted.add(this.#voter(commit, act, parent) ?? ''))
      if (counted.size >= this.#quorumFor(act, parent)) made.push(act.attempt)
    }
    return Math.max(0, ...made)
  }

  epoch(id: string): Epoch {
    const known = this.#memory.epochs.get(id)
    if (known !== undefined) return known
    const record = this.#records.get(id)
    if (record === undefined && id !== this.genesis.coop) throw new Error(`no record of ${id}`)
    const epoch =
      record === undefined
        ? foundingEpoch(this.genesis)
        : (this.epochOf(record, this.epoch(record.parent), () => true) as Epoch)
    this.#memory.epochs.set(id, epoch)
    return epoch
  }

  /** The epoch that the record would start; null when a change does not fit. */
  epochOf(record: SealRecord, parent: Epoch, isFit: (change: Change, epoch: Epoch) => boolean): Epoch | null {
    const epoch = nextEpoch(parent, record)
    const proposal = this.#byId.get(record.decision?.proposal ?? '')?.act
    const changes = record.changes ?? (proposal?.t === 'propose' ? proposal.changes : [])
    for (const change of changes) {
      if (!isFit(change, epoch)) return null
      applyChange(epoch, change)
    }
    for (const device of record.left)
      if (!changes.some(([kind, subject]) => kind === 'close' && subject === device))
        epoch.closed.set(device, 'left')
    if (this.rules.deviceTakesSteward)
      for (const [member, device] of epoch.stewards)
        if (epoch.closed.has(device)) epoch.stewards.delete(member)
    return epoch
  }

  find(id: string, commits: ReadonlySet<Commit>): Commit | undefined {
    const commit = this.#byId.get(id)
    return commit !== undefined && commits.has(commit) ? commit : undefined
  }

  /** Valid admissions among these commits, of the device when one is named, the lowest id first. */
  admissions(commits: Iterable<Commit>, device?: string): Commit[] {
    return [...commits]
      .filter((it) => it.act?.t === 'genesis' || it.act?.t === 'admit' || it.act?.t === 'device')
      .filter((it) => (device === undefined || this.admitted(it).device === device) && this.isValid(it))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Whom an admission admits. */
  admitted(commit: Commit): { device: string; member: string } {
    const { act } = commit
    if (act?.t === 'admit' || act?.t === 'device') return act
    return this.genesis
  }

  /** Whom the commit's chain speaks for, by the admission that its first commit relies on. */
  standingOf(commit: Commit): FoundStanding | null {
    const first = chainOf(commit).at(-1) as Commit
    let standing = this.#memory.standings.get(first)
    if (standing === undefined) {
      standing = this.#standingOf(first)
      this.#memory.standings.set(first, standing)
    }
    return standing
  }

  #standingOf(first: Commit): FoundStanding | null {
    const relied = [...this.relied(first)].filter((it) => it !== first || it.act?.t === 'genesis')
    const [admission] = this.admissions(relied, first.device)
    if (admission === undefined) return null
    return { ...this.admitted(admission), role: this.roleBy(admission), admission }
  }

  /** Role that an admission gives. */
  roleBy(admission: Commit): string {
    const { act } = admission
    if (act?.t === 'admit') {
      const invite = this.#inviteOf(admission, act.invite)?.act
      return invite?.t === 'invite' ? invite.role : 'none'
    }
    if (act?.t !== 'device') return 'steward'
    const [first] = this.#sponsors(admission, act.member).filter(
      (it) => !this.isVoid(it, this.epoch(admission.epoch)),
    )
    return first === undefined ? 'none' : this.roleBy(first)
  }

  /** Role of a chain under an epoch. */
  roleAt({ device, member, role }: Standing, epoch: Epoch): string {
    if (stewardOf(epoch, device) !== undefined) return 'steward'
    const said = epoch.roles.get(member)
    if (said !== undefined) return said
    return role === 'steward' && !epoch.stewards.has(member) ? 'member' : role
  }

  /** Whether a seal of the line removes the member, and the admission cites neither it nor what follows it. */
  isVoid(admission: Commit, epoch: Epoch): boolean {
    const removal = epoch.removed.get(this.admitted(admission).member)
    return removal !== undefined && !isOnLine(removal, this.epoch(admission.epoch))
  }

  /** Whether a member is removed on the line and was not admitted under the removal since. */
  isRemoved(member: string, epoch: Epoch, commits: Iterable<Commit>): boolean {
    const own = this.admissions(commits).filter((it) => this.admitted(it).member === member)
    return epoch.removed.has(member) && own.every((it) => this.isVoid(it, epoch))
  }

  /** Whether a device is closed on the line, as far as these admissions of it tell. */
  isClosed(device: string, epoch: Epoch, admissions: readonly Commit[]): boolean {
    if (epoch.closed.has(device)) return true
    return admissions.length > 0 && admissions.every((it) => this.isVoid(it, epoch))
  }

  isSettled(commit: Commit, epoch: Epoch): boolean {
    const head = this.#byId.get(epoch.frontier.get(commit.device) ?? '')
    return head !== undefined && isOnChain(commit, head)
  }

  /** Forks that commits show, that the line records, and the lines of all epochs that the commits cite or that are named. */
  knowledge(commits: Iterable<Commit>, epoch: Epoch, epochs: Iterable<string> = []): Knowledge {
    const all = [...commits]
    let lines: Epoch[] | null = null
    const forks = new Map<string, number>()
    return (device) => {
      let seq = forks.get(device)
      if (seq === undefined) {
        lines ??= [
          epoch,
          ...[...new Set([...epochs, ...all.map((it) => it.epoch)])].map((it) => this.epoch(it)),
        ]
        seq = Math.min(forkIn(all, device), ...lines.map((it) => it.forks.get(device) ?? Infinity))
        forks.set(device, seq)
      }
      return seq
    }
  }

  /** Neither contested nor late on the line, by what is known. */
  isGood(commit: Commit, epoch: Epoch, known: Knowledge): boolean {
    if (this.isSettled(commit, epoch)) return true
    if (commit.seq >= known(commit.device)) return false
    if (epoch.closed.has(commit.device)) return false
    const standing = this.standingOf(commit)
    if (standing !== null && this.isVoid(standing.admission, epoch)) return false
    return !chainOf(commit).some(
      (it) => !this.isSettled(it, epoch) && this.epoch(it.epoch).height < epoch.floor,
    )
  }

  /** What the commit relies on: its chain, and what each head it lists relies on as far as that is good. */
  relied(commit: Commit): ReadonlySet<Commit> {
    let relied = this.#memory.relied.get(commit)
    if (relied !== undefined) return relied
    const all = new Set<Commit>(commit.prev === null ? [] : this.relied(commit.prev)).add(commit)
    const past = this.before(commit)
    const heads = this.isOutdated(commit) ? [] : commit.seen
    const epoch = this.epoch(commit.epoch)
    const known = this.knowledge([...past, commit], epoch)
    for (const head of heads) {
      const trusted = this.trusted(head, epoch, known)
      if (trusted !== null) for (const it of this.relied(trusted)) all.add(it)
    }
    relied = all
    this.#memory.relied.set(commit, relied)
    return relied
  }

  /** How far a head is trusted on the line, by what is known. */
  trusted(head: Commit, epoch: Epoch, known: Knowledge): Commit | null {
    let trusted: Commit | null = null
    for (const it of chainOf(head).reverse()) {
      if (!this.isGood(it, epoch, known)) break
      trusted = it
    }
    return trusted
  }

  /** Supporters of each seal at a parent, by round. */
  supporters(commits: Iterable<Commit>, parent: Epoch): Map<number, Map<string, Set<string>>> {
    const rounds = new Map<number, Map<string, Set<string>>>()
    for (const commit of commits) {
      const { act, device, epoch } = commit
      if (epoch !== parent.id || (act?.t !== 'support' && act?.t !== 'sign')) continue
      if (!this.isValid(commit)) continue
      const seals = rounds.get(act.round) ?? new Map<string, Set<string>>()
      rounds.set(act.round, seals)
      seals.set(act.seal.id, (seals.get(act.seal.id) ?? new Set()).add(stewardOf(parent, device) as string))
    }
    return rounds
  }

  /** Highest round that each steward has advanced to. */
  advanced(commits: Iterable<Commit>, parent: Epoch): Map<string, number> {
    const highest = new Map<string, number>()
    for (const commit of commits) {
      const { act, device, epoch } = commit
      if (epoch !== parent.id || act?.t !== 'advance' || !this.isValid(commit)) continue
      const steward = stewardOf(parent, device) as string
      highest.set(steward, Math.max(act.round, highest.get(steward) ?? 0))
    }
    return highest
  }

  /** Seal that is prepared at the highest round below, of two there the one of the lower id. */
  prepared(commits: Iterable<Commit>, parent: Epoch, below: number): string | null {
    const rounds = [...this.supporters(commits, parent)].filter(([round]) => round < below)
    for (const [, seals] of rounds.sort(([a], [b]) => b - a)) {
      const prepared = [...seals].filter(([, by]) => by.size >= this.quorum(parent)).map(([id]) => id)
      if (prepared.length > 0) return prepared.sort()[0] as string
    }
    return null
  }

  isOpen(round: number, commits: Iterable<Commit>, parent: Epoch): boolean {
    if (round === 0) return true
    const there = [...this.advanced(commits, parent).values()].filter((it) => it >= round)
    return there.length >= this.quorum(parent)
  }

  quorum(parent: Epoch): number {
    const count = parent.stewards.size
    return this.rules.quorum === 'half' ? Math.ceil(count / 2) : quorumOf(count, parent.rules.quorum)
  }

  /** The highest round of the chain's own acts at the parent. */
  roundOf(chain: readonly Commit[], parent: Epoch): number {
    const rounds = chain.flatMap((it) =>
      it.epoch === parent.id && it.act !== null && 'round' in it.act && this.isValid(it)
        ? [it.act.round]
        : [],
    )
    return Math.max(0, ...rounds)
  }

  /** Members who may vote for a recovery of the epoch. */
  electors(epoch: Epoch): ReadonlySet<string> {
    let electors = this.#memory.electors.get(epoch)
    if (electors === undefined) {
      electors = this.#electorsOf(epoch)
      this.#memory.electors.set(epoch, electors)
    }
    return electors
  }

  #electorsOf(epoch: Epoch): ReadonlySet<string> {
    const settled = new Set<Commit>()
    for (const id of epoch.frontier.values())
      for (const it of chainOf(this.#byId.get(id) as Commit)) settled.add(it)
    const founding = [...this.commits].filter((it) => it.act?.t === 'genesis')
    const electors = this.admissions(new Set([...settled, ...founding])).filter((it) => {
      const { device, member } = this.admitted(it)
      if (this.isClosed(device, epoch, [it])) return false
      return this.roleAt({ device, member, role: this.roleBy(it) }, epoch) !== 'observer'
    })
    return new Set(electors.map((it) => this.admitted(it).member))
  }

  /** Why the record does not hold for the commit, or null. */
  holds(record: SealRecord, commit: Commit): string | null {
    const parent = this.epoch(commit.epoch)
    const past = this.before(commit)
    if (record.changes !== null) return 'record'
    if (record.parent !== parent.id) return 'parent'
    if (record.height !== parent.height + 1) return 'height'
    const proposal = this.find(record.decision?.proposal ?? '', past)
    const isProposal = proposal?.act?.t === 'propose' && this.isValid(proposal)
    const changes = isProposal ? proposal.act.changes : []
    const known = this.knowledge([...past, commit], parent)
    const named = new Set<string>()
    for (const [device, seq, id] of record.frontier) {
      const head = this.find(id, past)
      if (head === undefined || head.device !== device || head.seq !== seq) return 'frontier-unknown'
      const before = this.#byId.get(parent.frontier.get(device) ?? '')
      if (before !== undefined && !isOnChain(before, head)) return 'frontier-off-branch'
      if (named.has(device)) return 'frontier-twice'
      named.add(device)
      const isChosen = changes.some(([kind, , , settled]) => kind === 'settle' && settled === id)
      if (!isChosen && !this.isGood(head, parent, known)) return 'frontier-doubtful'
    }
    if (record.forks.some(([device, seq]) => forkIn([...past, commit], device) > seq)) return 'fork-unproven'
    if (record.left.some((device) => !this.hasLeft(device, past))) return 'not-left'
    return this.#undecided(record, parent, past)
  }

  /** Whether these commits hold a `leave` of the device, or one with the kit of another whose member is known to have it. */
  hasLeft(device: string, commits: ReadonlySet<Commit>): boolean {
    return [...commits].some((it) => {
      if (it.act?.t !== 'leave' || !this.isValid(it)) return false
      if (it.device === device) return true
      const member = this.standingOf(it)?.member
      return (
        it.act.withKit &&
        this.admissions(this.before(it), device).some((other) => this.admitted(other).member === member)
      )
    })
  }

  #undecided(record: SealRecord, parent: Epoch, past: ReadonlySet<Commit>): string | null {
    const { decision } = record
    if (decision !== null) {
      const stewards = new Set<string>()
      for (const id of decision.approvals) {
        const approval = this.find(id, past)
        const steward = approval === undefined ? undefined : stewardOf(parent, approval.device)
        if (approval === undefined || steward === undefined || stewards.has(steward)) return 'approval'
        if (!this.isLastApproval(approval, decision.proposal, past)) return 'approval'
        stewards.add(steward)
      }
      if (stewards.size < this.quorum(parent)) return 'no-quorum'
      if (parent.decided.has(decision.proposal)) return 'decision-unfit'
    }
    const proposal = this.find(decision?.proposal ?? '', past)
    const basis = proposal === undefined ? past : this.before(proposal)
    return this.#isFit(record, parent, basis) ? null : 'decision-unfit'
  }

  /** Whether this approves and no later will of its chain says anything else. */
  isLastApproval(approval: Commit, proposal: string, past: ReadonlySet<Commit>): boolean {
    if (approval.act?.t !== 'approve' || approval.act.proposal !== proposal) return false
    if (!this.isValid(approval)) return false
    return ![...past].some(
      (it) =>
        it !== approval &&
        (it.act?.t === 'approve' || it.act?.t === 'decline') &&
        it.act.proposal === proposal &&
        isOnChain(approval, it) &&
        this.isValid(it),
    )
  }

  #isFit(record: SealRecord, parent: Epoch, basis: ReadonlySet<Commit>): boolean {
    const epoch = this.epochOf(record, parent, (change, next) => this.#fits(change, next, basis, record))
    return epoch !== null && epoch.stewards.size >= 1 && epoch.stewards.size <= 64
  }

  /** @param basis - past of whoever asks */
  #fits(change: Change, epoch: Epoch, basis: ReadonlySet<Commit>, record: SealRecord): boolean {
    const standing = this.admissions(basis).filter((it) => !this.isVoid(it, epoch))
    const isMember = (member: string): boolean => standing.some((it) => this.admitted(it).member === member)
    const isDevice = (device: string, member?: string): boolean =>
      !epoch.closed.has(device) &&
      standing.some(
        (it) =>
          this.admitted(it).device === device &&
          (member === undefined || this.admitted(it).member === member),
      )
    const [kind, subject] = change
    if (kind === 'remove' || kind === 'role') return isMember(subject)
    if (kind === 'close' || kind === 'slots') return isDevice(subject)
    if (kind === 'steward') {
      const signsFor = stewardOf(epoch, change[2])
      return isDevice(change[2], subject) && (signsFor === undefined || signsFor === subject)
    }
    if (kind === 'demote') return isMember(subject) && epoch.stewards.has(subject)
    if (kind === 'lift') {
      const suspension = this.find(subject, basis)
      return suspension?.act?.t === 'suspend' && this.isValid(suspension)
    }
    if (kind === 'settle')
      return record.frontier.some(
        ([device, seq, commit]) => device === subject && seq === change[2] && commit === change[3],
      )
    return kind === 'rules' || (subject > epoch.floor && subject <= epoch.height)
  }

  #judge(commit: Commit, act: Act): string {
    if (act.t === 'genesis')
      return commit.device === this.genesis.device && commit.seq === 0 ? 'valid' : 'genesis'
    const standing = this.standingOf(commit)
    if (standing === null) return 'no-member'
    if (this.isOutdated(commit)) return 'epoch-outdated'
    const epoch = this.epoch(commit.epoch)
    const chain = chainOf(commit.prev)
    const isBallot = act.t === 'support' || act.t === 'sign' || act.t === 'advance'
    const mayStay = isBallot && this.rules.leaverBallots
    if (!mayStay && chain.some((it) => it.act?.t === 'leave' && this.isValid(it))) return 'left'
    const signsFor = stewardOf(epoch, commit.device)
    const said = (kind: string): number =>
      chain.filter((it) => it.act?.t === kind && it.epoch === commit.epoch && this.isValid(it)).length
    switch (act.t) {
      case 'invite':
      case 'extend':
      case 'admit':
      case 'device':
        return this.#judgeAdmission(commit, act, epoch)
      case 'leave':
        return 'valid'
      case 'suspend': {
        const known = this.admissions(this.before(commit), act.device)
        const isOwn = known.some((it) => this.admitted(it).member === standing.member)
        if (signsFor === undefined && !isOwn) return 'not-steward'
        if (said('suspend') >= 4) return 'suspension-quota'
        return known.length > 0 ? 'valid' : 'device-unknown'
      }
      case 'propose':
        if (this.roleAt(standing, epoch) === 'observer') return 'role'
        return said('propose') < 16 ? 'valid' : 'proposal-quota'
      case 'approve':
      case 'decline': {
        if (signsFor === undefined) return 'not-steward'
        const proposal = this.find(act.proposal, this.before(commit))
        if (proposal?.act?.t !== 'propose' || !this.isValid(proposal)) return 'proposal-unknown'
        return epoch.decided.has(act.proposal) ? 'proposal-decided' : 'valid'
      }
      case 'recover':
      case 'kits':
        return this.#judgeRecovery(commit, act, epoch)
      case 'support':
      case 'sign':
      case 'advance':
        return signsFor === undefined ? 'not-steward' : this.#judgeBallot(commit, act, epoch, signsFor)
    }
  }

  #judgeAdmission(
    commit: Commit,
    act: Extract<Act, { t: 'invite' | 'extend' | 'admit' | 'device' }>,
    epoch: Epoch,
  ): string {
    const left = this.slotsLeft(commit)
    const relied = [...this.relied(commit)].filter((it) => it !== commit)
    if (act.t === 'invite') {
      const isKnown = relied.some(
        (it) => it.act?.t === 'invite' && it.act.key === act.key && this.isValid(it),
      )
      if (isKnown) return 'invite-known'
      return left >= act.uses ? 'valid' : 'no-slots'
    }
    if (act.t === 'extend' || act.t === 'admit') {
      const key = act.t === 'extend' ? act.key : act.invite
      const isOf = ({ act: it }: Commit): boolean =>
        (it?.t === 'invite' || it?.t === 'extend') && it.key === key
      if (!chainOf(commit.prev).some((it) => it.act?.t === 'invite' && isOf(it) && this.isValid(it))) {
        const isForeign = relied.some((it) => it.act?.t === 'invite' && isOf(it) && this.isValid(it))
        return isForeign ? 'invite-foreign' : 'invite-unknown'
      }
      const uses = chainOf(commit.prev).reduce(
        (sum, it) => sum + (isOf(it) && this.isValid(it) ? takenBy(it) : 0),
        0,
      )
      if (act.t === 'extend') {
        if (uses + act.uses > 256) return 'invite-full'
        return left >= act.uses ? 'valid' : 'no-slots'
      }
      const used = chainOf(commit.prev).filter(
        (it) => it.act?.t === 'admit' && it.act.invite === key && this.isValid(it),
      )
      if (used.length >= uses) return 'invite-used'
    } else {
      if (left < 1) return 'no-slots'
      const sponsors = this.#sponsors(commit, act.member)
      if (sponsors.length === 0) return 'member-unknown'
      if (sponsors.every((it) => this.isVoid(it, epoch))) return 'member-removed'
    }
    const before = this.admissions(relied, act.device)
    if (this.rules.closedKeys === 'refused' && this.isClosed(act.device, epoch, before))
      return 'device-closed'
    return before.length > 0 ? 'already-admitted' : 'valid'
  }

  /** Admissions of the member that the commit relies on, the lowest id first. */
  #sponsors(commit: Commit, member: string): Commit[] {
    const relied = [...this.relied(commit)].filter((it) => it !== commit)
    return this.admissions(relied).filter((it) => this.admitted(it).member === member)
  }

  /** The invite of that key that the commit's own chain has issued. */
  #inviteOf(commit: Commit, key: string): Commit | undefined {
    return chainOf(commit.prev).find((it) => it.act?.t === 'invite' && it.act.key === key && this.isValid(it))
  }

  /** Slots of the chain before the commit, with those of the lines that it cited where it took some. */
  slotsLeft(commit: Commit): number {
    const given = new Map<string, number>()
    const taking = chainOf(commit.prev).filter((it) => takenBy(it) > 0 && this.isValid(it))
    for (const id of new Set([commit, ...taking].map((it) => it.epoch)))
      for (const [index, it] of this.epoch(id).slots.entries())
        if (it.device === commit.device) given.set(`${it.seal}/${index}`, it.count)
    const spent = taking.reduce((sum, it) => sum + takenBy(it), 0)
    return [...given.values()].reduce((sum, it) => sum + it, 0) - spent
  }

  #judgeBallot(commit: Commit, act: Extract<Act, { round: number }>, parent: Epoch, steward: string): string {
    const before = this.rules.judgedBy === 'store' ? this.#judged() : this.before(commit)
    const chain = chainOf(commit.prev)
    const round = this.roundOf(chain, parent)
    if (act.t === 'advance') {
      if (act.round <= round) return 'round-passed'
      if (this.rules.openBeforeAdvance)
        return this.isOpen(act.round - 1, before, parent) ? 'valid' : 'round-ahead'
      const tolerated = parent.stewards.size - this.quorum(parent)
      const others = [...this.advanced(before, parent).values()].sort((a, b) => b - a)
      const highest = Math.max(round, others[tolerated] ?? 0)
      if (act.round > highest + 1) return 'round-ahead'
      return 'valid'
    }
    const { seal } = act
    const supporters = this.supporters(before, parent)
    const isPrepared = [...supporters].some(
      ([, seals]) => (seals.get(seal.id)?.size ?? 0) >= this.quorum(parent),
    )
    const together = new Set(supporters.get(act.round)?.get(seal.id)).add(steward)
    if (!(this.rules.preparedHolds && isPrepared)) {
      const reason = this.holds(seal, commit)
      if (reason !== null) return reason
    }
    if (act.round < round) return 'round-passed'
    const isOther = chain.some(
      (it) =>
        it.epoch === parent.id &&
        (it.act?.t === 'support' || it.act?.t === 'sign') &&
        it.act.round === act.round &&
        it.act.seal.id !== seal.id &&
        this.isValid(it),
    )
    if (isOther && this.rules.supports === 'one') return 'supported-another'
    if (!this.isOpen(act.round, before, parent)) return 'round-closed'
    const prepared = this.prepared(before, parent, act.round)
    if (prepared !== null && prepared !== seal.id && this.rules.laterRounds === 'prepared-only')
      return 'prepared-another'
    if (act.t === 'sign' && this.rules.signs === 'prepared' && together.size < this.quorum(parent))
      return 'not-prepared'
    return 'valid'
  }

  #judgeRecovery(commit: Commit, act: Extract<Act, { attempt: number }>, epoch: Epoch): string {
    const { seal } = act
    if ((act.t === 'kits') !== (epoch.rules.recovery === 'kits')) return 'recovery-rule'
    const before = this.before(commit)
    const voter = this.#voter(commit, act, epoch)
    if (voter === undefined || !this.electors(epoch).has(voter)) return 'not-elector'
    const own = this.admissions(before, commit.device).filter((it) => this.admitted(it).member === voter)
    if (act.t === 'recover' && this.isClosed(commit.device, epoch, own)) return 'not-elector'
    if (seal.changes === null) return 'record'
    if (seal.parent !== epoch.id) return 'parent'
    if (seal.height !== epoch.height + 1) return 'height'
    if (!this.#isFit(seal, epoch, before)) return 'decision-unfit'
    const spoken = act.t === 'kits' ? [...before] : chainOf(commit.prev)
    const isOther = spoken.some(
      (it) =>
        it.act?.t === act.t &&
        it.epoch === commit.epoch &&
        it.act.attempt === act.attempt &&
        it.act.seal.id !== seal.id &&
        (it.act.t !== 'kits' || it.act.member === voter) &&
        this.isValid(it),
    )
    return isOther ? 'recovered-another' : 'valid'
  }

  /** What is stored and has a verdict. */
  #judged(): ReadonlySet<Commit> {
    return new Set([...this.commits].filter((it) => it.act === null || this.#memory.verdicts.has(it)))
  }

  /** Whom a vote counts for. */
  #voter(commit: Commit, act: Ballot, parent: Epoch): string | undefined {
    if (act.t === 'sign' || act.t === 'support') return stewardOf(parent, commit.device)
    if (act.t === 'kits') return act.member
    return this.standingOf(commit)?.member
  }

  #quorumFor(act: Ballot, parent: Epoch): number {
    if (act.t === 'sign' || act.t === 'support') return this.quorum(parent)
    return quorumOf(this.electors(parent).size, 'two-thirds')
  }
}

function newMemory(): Memory {
  return {
    pasts: new Map(),
    known: new Map(),
    relied: new Map(),
    verdicts: new Map(),
    standings: new Map(),
    epochs: new Map(),
    electors: new Map(),
  }
}

/** Slots that a valid act takes. */
function takenBy({ act }: Commit): number {
  return act?.t === 'invite' || act?.t === 'extend' ? act.uses : Number(act?.t === 'device')
}
