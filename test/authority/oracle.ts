import { applyChange, foundingEpoch, isOnLine, lineOf, nextEpoch, quorumOf, stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import type { Rules } from './rules.ts'
import { chainOf, forkIn, isOnChain } from './world.ts'
import type { Act, Change, Commit, Genesis, SealRecord } from './world.ts'

/** Null when there is nothing to say, else `valid` or the refusal. */
export type Verdict = string | null

/** A ballot or a vote for a recovery. */
type Ballot = Extract<Act, { seal: SealRecord }>

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
  readonly #pasts = new Map<Commit, ReadonlySet<Commit>>()
  readonly #known = new Map<Commit, ReadonlyMap<string, SealRecord>>()
  readonly #relied = new Map<Commit, ReadonlySet<Commit>>()
  readonly #verdicts = new Map<Commit, Verdict>()
  readonly #epochs = new Map<string, Epoch>()

  /** @param commits With the past of each. */
  constructor(genesis: Genesis, commits: Iterable<Commit>, rules: Rules) {
    this.genesis = genesis
    this.rules = rules
    this.commits = new Set()
    for (const commit of commits) this.add(commit)
  }

  /** Adds a commit whose past is there. */
  add(commit: Commit): void {
    ;(this.commits as Set<Commit>).add(commit)
    this.#byId.set(commit.id, commit)
    if (commit.act !== null && 'seal' in commit.act) this.#records.set(commit.act.seal.id, commit.act.seal)
  }

  record(id: string): SealRecord {
    return this.#records.get(id) as SealRecord
  }

  commit(id: string): Commit {
    return this.#byId.get(id) as Commit
  }

  /** Everything before the commit. */
  before(commit: Commit): ReadonlySet<Commit> {
    let before = this.#pasts.get(commit)
    if (before !== undefined) return before
    const all = new Set<Commit>()
    for (const head of [commit.prev, ...commit.seen]) {
      if (head === null) continue
      for (const it of this.before(head)) all.add(it)
      all.add(head)
    }
    before = all
    this.#pasts.set(commit, before)
    return before
  }

  /** Seals of which certificates are in the commit's past, itself not counted. */
  known(commit: Commit): ReadonlyMap<string, SealRecord> {
    let known = this.#known.get(commit)
    if (known === undefined) {
      known = this.committed(this.before(commit))
      this.#known.set(commit, known)
    }
    return known
  }

  /** Whether any replica stores the commit: it cites the founding epoch, or one whose certificate is in its past. */
  isCitable(commit: Commit): boolean {
    return commit.epoch === this.genesis.coop || this.known(commit).has(commit.epoch)
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
    let verdict = this.#verdicts.get(commit)
    if (verdict === undefined) {
      verdict = commit.act === null ? null : this.#judge(commit, commit.act)
      this.#verdicts.set(commit, verdict)
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
      const key = JSON.stringify([act.seal.id, act.t, 'round' in act ? act.round : act.attempt])
      const counted = (voters.get(key) ?? new Set()).add(voter ?? '')
      voters.set(key, counted)
      if (counted.size >= this.#quorumFor(act, parent)) committed.set(act.seal.id, act.seal)
    }
    return committed
  }

  epoch(id: string): Epoch {
    const known = this.#epochs.get(id)
    if (known !== undefined) return known
    const record = this.#records.get(id)
    if (record === undefined && id !== this.genesis.coop) throw new Error(`no record of ${id}`)
    const epoch =
      record === undefined
        ? foundingEpoch(this.genesis)
        : (this.epochOf(record, this.epoch(record.parent), () => true) as Epoch)
    this.#epochs.set(id, epoch)
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

  memberOf(device: string, commits: Iterable<Commit>): string | undefined {
    const [first] = this.admissions(commits, device)
    return first === undefined ? undefined : this.admitted(first).member
  }

  /** Role that an admission gives. */
  roleBy(admission: Commit, commits: ReadonlySet<Commit>): string {
    const { act } = admission
    if (act?.t === 'admit') {
      const invite = chainOf(admission.prev).find((it) => it.act?.t === 'invite' && it.act.key === act.invite)
      return invite?.act?.t === 'invite' ? invite.act.role : 'none'
    }
    if (act?.t !== 'device') return 'member'
    const first = this.admissions(this.relied(admission)).find(
      (it) => it !== admission && this.admitted(it).member === act.member,
    )
    return first === undefined ? 'none' : this.roleBy(first, commits)
  }

  /** Whether a member is removed on the line and was not admitted under the removal since. */
  isRemoved(member: string, epoch: Epoch, commits: Iterable<Commit>): boolean {
    const removal = epoch.removed.get(member)
    if (removal === undefined) return false
    return !this.admissions(commits).some(
      (it) => this.admitted(it).member === member && this.#citesFrom(it, removal, epoch),
    )
  }

  /** Whether a device is closed on the line, by name or because of its member. */
  isClosed(device: string, epoch: Epoch, commits: Iterable<Commit>): boolean {
    if (epoch.closed.has(device)) return true
    const admissions = this.admissions(commits, device)
    return admissions.some((it) => {
      const removal = epoch.removed.get(this.admitted(it).member)
      return removal !== undefined && !admissions.some((other) => this.#citesFrom(other, removal, epoch))
    })
  }

  isSettled(commit: Commit, epoch: Epoch): boolean {
    const head = this.#byId.get(epoch.frontier.get(commit.device) ?? '')
    return head !== undefined && isOnChain(commit, head)
  }

  /** Neither contested nor late on the line, by what these commits show. */
  isGood(commit: Commit, epoch: Epoch, commits: ReadonlySet<Commit>): boolean {
    if (this.isSettled(commit, epoch)) return true
    const cited = new Set([...commits].map((it) => it.epoch))
    const recorded = [epoch, ...[...cited].map((id) => this.epoch(id))].map(
      (it) => it.forks.get(commit.device) ?? Infinity,
    )
    if (commit.seq >= Math.min(forkIn(commits, commit.device), ...recorded)) return false
    if (this.isClosed(commit.device, epoch, commits)) return false
    return !chainOf(commit).some(
      (it) => !this.isSettled(it, epoch) && this.epoch(it.epoch).height < epoch.floor,
    )
  }

  /** What the commit relies on: its chain, and what each head it lists relies on as far as that is good. */
  relied(commit: Commit): ReadonlySet<Commit> {
    let relied = this.#relied.get(commit)
    if (relied !== undefined) return relied
    const all = new Set<Commit>(commit.prev === null ? [] : this.relied(commit.prev)).add(commit)
    const past = this.before(commit)
    for (const head of this.isOutdated(commit) ? [] : commit.seen) {
      const trusted = this.trusted(head, this.epoch(commit.epoch), past)
      if (trusted !== null) for (const it of this.relied(trusted)) all.add(it)
    }
    relied = all
    this.#relied.set(commit, relied)
    return relied
  }

  /** How far a head is trusted on the line, by what these commits show. */
  trusted(head: Commit, epoch: Epoch, commits: ReadonlySet<Commit>): Commit | null {
    let trusted: Commit | null = null
    for (const it of chainOf(head).reverse()) {
      if (!this.isGood(it, epoch, commits)) break
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
  electors(epoch: Epoch): Set<string> {
    const settled = new Set<Commit>()
    for (const id of epoch.frontier.values())
      for (const it of chainOf(this.#byId.get(id) as Commit)) settled.add(it)
    const members = new Map<string, string>([[this.genesis.member, 'member']])
    for (const it of this.admissions(settled)) {
      const { member } = this.admitted(it)
      if (!members.has(member)) members.set(member, this.roleBy(it, settled))
    }
    return new Set(
      [...members]
        .filter(([member, role]) => (epoch.roles.get(member) ?? role) !== 'observer')
        .filter(([member]) => !this.isRemoved(member, epoch, settled))
        .map(([member]) => member),
    )
  }

  /** Why the record does not hold for the commit, or null. */
  holds(record: SealRecord, commit: Commit): string | null {
    const parent = this.epoch(commit.epoch)
    const past = this.before(commit)
    if (record.parent !== parent.id) return 'parent'
    if (record.height !== parent.height + 1) return 'height'
    const proposal = this.find(record.decision?.proposal ?? '', past)
    const changes = proposal?.act?.t === 'propose' ? proposal.act.changes : []
    for (const [device, seq, id] of record.frontier) {
      const head = this.find(id, past)
      if (head === undefined || head.device !== device || head.seq !== seq) return 'frontier-unknown'
      const before = this.#byId.get(parent.frontier.get(device) ?? '')
      if (before !== undefined && !isOnChain(before, head)) return 'frontier-off-branch'
      const isChosen = changes.some(([kind, , , settled]) => kind === 'settle' && settled === id)
      if (!isChosen && !this.isGood(head, parent, past)) return 'frontier-doubtful'
    }
    if (new Set(record.frontier.map(([device]) => device)).size < record.frontier.length)
      return 'frontier-twice'
    if (record.forks.some(([device, seq]) => !isParted(past, device, seq))) return 'fork-unproven'
    if (record.left.some((device) => !this.hasLeft(device, past))) return 'not-left'
    return this.#undecided(record, parent, past)
  }

  /** Whether these commits hold a `leave` of the device, or one with the kit by another of its member. */
  hasLeft(device: string, commits: ReadonlySet<Commit>): boolean {
    return [...commits].some((it) => {
      if (it.act?.t !== 'leave' || !this.isValid(it)) return false
      if (it.device === device) return true
      const member = this.memberOf(device, commits)
      return it.act.withKit && member !== undefined && this.memberOf(it.device, commits) === member
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
    const epoch = this.epochOf(record, parent, (change, next) => this.#fits(change, next, past))
    return epoch === null || epoch.stewards.size === 0 ? 'decision-unfit' : null
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

  #fits(change: Change, epoch: Epoch, past: ReadonlySet<Commit>): boolean {
    const isMember = (member: string): boolean =>
      this.admissions(past).some((it) => this.admitted(it).member === member) &&
      !this.isRemoved(member, epoch, past)
    const isDevice = (device: string): boolean =>
      this.admissions(past, device).length > 0 && !this.isClosed(device, epoch, past)
    const [kind, subject] = change
    if (kind === 'remove') return isMember(subject) && [...epoch.stewards.keys()].some((it) => it !== subject)
    if (kind === 'close') return isDevice(subject)
    if (kind === 'steward')
      return isMember(subject) && isDevice(change[2]) && this.memberOf(change[2], past) === subject
    if (kind === 'demote') return epoch.stewards.has(subject) && epoch.stewards.size > 1
    if (kind === 'role') return isMember(subject)
    if (kind === 'slots') return isDevice(subject) && change[2] >= 1
    if (kind === 'lift') {
      const suspension = this.find(subject, past)
      return suspension?.act?.t === 'suspend' && this.isValid(suspension)
    }
    if (kind === 'settle') {
      const head = this.find(change[3], past)
      const before = this.#byId.get(epoch.frontier.get(subject) ?? '')
      if (head === undefined || head.device !== subject || head.seq !== change[2]) return false
      return before === undefined || isOnChain(before, head)
    }
    return kind === 'rules' || (subject > epoch.floor && subject <= epoch.height)
  }

  #judge(commit: Commit, act: Act): string {
    if (act.t === 'genesis')
      return commit.device === this.genesis.device && commit.seq === 0 ? 'valid' : 'genesis'
    if (this.isOutdated(commit)) return 'epoch-outdated'
    const epoch = this.epoch(commit.epoch)
    const chain = chainOf(commit.prev)
    const relied = this.relied(commit)
    const isBallot = act.t === 'support' || act.t === 'sign' || act.t === 'advance'
    const mayStay = isBallot && this.rules.leaverBallots
    if (!mayStay && chain.some((it) => it.act?.t === 'leave' && this.isValid(it))) return 'left'
    const member = this.memberOf(
      commit.device,
      [...relied].filter((it) => it !== commit),
    )
    if (member === undefined) return 'role'
    const signsFor = stewardOf(epoch, commit.device)
    const said = (kind: string): number =>
      chain.filter((it) => it.act?.t === kind && it.epoch === commit.epoch && this.isValid(it)).length
    switch (act.t) {
      case 'invite':
      case 'admit':
      case 'device':
        return this.#judgeAdmission(commit, act, epoch)
      case 'leave':
        return 'valid'
      case 'suspend': {
        const suspended = this.memberOf(act.device, relied)
        if (suspended === undefined) return 'device-unknown'
        if (signsFor === undefined && suspended !== member) return 'not-steward'
        return said('suspend') < 4 ? 'valid' : 'suspension-quota'
      }
      case 'propose':
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
    act: Extract<Act, { t: 'invite' | 'admit' | 'device' }>,
    epoch: Epoch,
  ): string {
    const own = chainOf(commit.prev).filter((it) => this.isValid(it))
    const left = this.slotsLeft(commit)
    if (act.t === 'invite') return left >= act.uses ? 'valid' : 'no-slots'
    const before = this.before(commit)
    if (this.rules.closedKeys === 'refused' && this.isClosed(act.device, epoch, before))
      return 'device-closed'
    if (act.t === 'admit') {
      const invite = own.find((it) => it.act?.t === 'invite' && it.act.key === act.invite)?.act
      if (invite?.t !== 'invite') return 'invite-unknown'
      const used = own.filter((it) => it.act?.t === 'admit' && it.act.invite === act.invite).length
      return used < invite.uses ? 'valid' : 'invite-used'
    }
    const relied = [...this.relied(commit)].filter((it) => it !== commit)
    if (!this.admissions(relied).some((it) => this.admitted(it).member === act.member))
      return 'member-unknown'
    if (this.isRemoved(act.member, epoch, before)) return 'member-removed'
    return left >= 1 ? 'valid' : 'no-slots'
  }

  /** Slots of the chain before the commit, with those that the line of the epoch it cites gives. */
  slotsLeft(commit: Commit): number {
    const given = new Map<string, number>()
    for (const id of new Set(chainOf(commit).map((it) => it.epoch)))
      for (const [index, it] of this.epoch(id).slots.entries())
        if (it.device === commit.device) given.set(`${it.seal}/${index}`, it.count)
    const spent = chainOf(commit.prev).map(({ act }, index, chain) => {
      if (!this.isValid(chain[index] as Commit)) return 0
      return act?.t === 'invite' ? act.uses : Number(act?.t === 'device')
    })
    return [...given.values()].reduce((sum, it) => sum + it, 0) - spent.reduce((sum, it) => sum + it, 0)
  }

  #judgeBallot(commit: Commit, act: Extract<Act, { round: number }>, parent: Epoch, steward: string): string {
    const before = this.rules.judgedBy === 'store' ? this.#judged() : this.before(commit)
    const chain = chainOf(commit.prev)
    const round = this.roundOf(chain, parent)
    if (act.t === 'advance') {
      if (act.round <= round) return 'round-passed'
      const tolerated = parent.stewards.size - this.quorum(parent)
      const others = [...this.advanced(before, parent).values()].sort((a, b) => b - a)
      const highest = Math.max(round, others[tolerated] ?? 0)
      if (act.round > highest + 1) return 'round-ahead'
      if (this.rules.openBeforeAdvance && !this.isOpen(act.round - 1, before, parent)) return 'round-ahead'
      return 'valid'
    }
    const { seal } = act
    const supporters = this.supporters(before, parent)
    const isPrepared = [...supporters].some(
      ([at, seals]) => at <= act.round && (seals.get(seal.id)?.size ?? 0) >= this.quorum(parent),
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
    if (seal.parent !== epoch.id || seal.height !== epoch.height + 1) return 'parent'
    if (seal.decision !== null || seal.frontier.length + seal.forks.length + seal.left.length > 0)
      return 'record'
    if ((act.t === 'kits') !== (epoch.rules.recovery === 'kits')) return 'recovery-rule'
    const voter = this.#voter(commit, act, epoch)
    if (voter === undefined || !this.electors(epoch).has(voter)) return 'no-elector'
    const before = this.before(commit)
    const isFit = (change: Change, next: Epoch): boolean =>
      (change[0] === 'steward' || change[0] === 'demote') && this.#fits(change, next, before)
    const next = seal.changes === null ? null : this.epochOf(seal, epoch, isFit)
    if (next === null || next.stewards.size === 0) return 'decision-unfit'
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
    return new Set([...this.commits].filter((it) => it.act === null || this.#verdicts.has(it)))
  }

  /** Whom a vote counts for. */
  #voter(commit: Commit, act: Ballot, parent: Epoch): string | undefined {
    if (act.t === 'sign' || act.t === 'support') return stewardOf(parent, commit.device)
    if (act.t === 'kits') return act.member
    return this.memberOf(
      commit.device,
      [...this.relied(commit)].filter((it) => it !== commit),
    )
  }

  #quorumFor(act: Ballot, parent: Epoch): number {
    if (act.t === 'sign' || act.t === 'support') return this.quorum(parent)
    return quorumOf(this.electors(parent).size, 'two-thirds')
  }

  /** Whether the commit cites the epoch or a later one of the line. */
  #citesFrom(commit: Commit, from: string, epoch: Epoch): boolean {
    const line = lineOf(epoch).map((it) => it.id)
    return line.indexOf(commit.epoch) >= line.indexOf(from)
  }
}

function isParted(commits: Iterable<Commit>, device: string, seq: number): boolean {
  return [...commits].filter((it) => it.device === device && it.seq === seq).length > 1
}
