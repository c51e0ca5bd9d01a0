import { chosenLine } from '../authority/roster.ts'
import type { Epoch } from '../authority/epoch.ts'
import { Oracle } from '../authority/oracle.ts'
import { AS_WRITTEN } from '../authority/rules.ts'
import { commitOf, recordOf } from '../authority/world.ts'
import type { Act, Change, Commit, Genesis, SealRecord } from '../authority/world.ts'

/** How a commit is written that is not the usual one. */
export interface TellOptions {
  /** By default the last one of the device. */
  prev?: Commit | null
  /** By default all that the device does not know. */
  seen?: readonly Commit[]
  /** By default the tip. */
  epoch?: string
}

const FOUNDED: Genesis = {
  ...{ coop: 'coop', member: 'm0', device: 'd0', slots: 30 },
  ...{ quorum: 'two-thirds', recovery: 'member-quorum' },
}

/** Acts of authority as they are told: device `d0` of member `m0` founds. The oracle says what becomes of each. */
export class Story {
  readonly genesis: Genesis
  readonly commits: Commit[] = []
  readonly oracle: Oracle

  /** @param commits - what was told before; by default the genesis is written */
  constructor(changes: Partial<Genesis> = {}, commits: readonly Commit[] = []) {
    this.genesis = { ...FOUNDED, ...changes }
    this.oracle = new Oracle(this.genesis, [], AS_WRITTEN)
    for (const it of commits) this.#add(it)
    if (commits.length === 0) this.do('d0', { t: 'genesis' }, { epoch: this.genesis.coop })
  }

  /** One that goes on from this one. */
  copy(): Story {
    return new Story(this.genesis, this.commits)
  }

  get tip(): Epoch {
    return this.oracle.epoch(chosenLine(this.oracle).at(-1) as string)
  }

  /** Writes an act, whatever becomes of it. */
  write(device: string, act: Act | null, options: TellOptions = {}): Commit {
    const { prev = this.lastOf(device), epoch = this.tip.id } = options
    const known = prev === null ? new Set<Commit>() : new Set(this.oracle.before(prev)).add(prev)
    const fresh = this.commits.filter((it) => !known.has(it) && it.device !== device)
    const covered = new Set(fresh.flatMap((it) => [it.prev, ...it.seen]))
    const seen = options.seen ?? fresh.filter((it) => !covered.has(it))
    return this.#add(commitOf({ device, prev, seen, epoch, act }))
  }

  /** Writes an act that has to be valid. */
  do(device: string, act: Act | null, options: TellOptions = {}): Commit {
    const commit = this.write(device, act, options)
    const verdict = this.oracle.verdict(commit)
    if (act !== null && verdict !== 'valid') throw new Error(`'${act.t}' of ${device}: ${verdict}`)
    return commit
  }

  lastOf(device: string): Commit | null {
    return this.commits.findLast((it) => it.device === device) ?? null
  }

  /** Number n is admitted with device `dn`, and writes a first commit. */
  admit(n: number, role = 'member', by = 'd0'): void {
    this.do(by, { t: 'invite', key: `i${n}`, role, uses: 1 })
    this.do(by, { t: 'admit', invite: `i${n}`, device: `d${n}`, member: `m${n}` })
    this.do(`d${n}`, null)
  }

  /** A record that follows the tip and decides nothing, with these changes. */
  record(changes: Partial<SealRecord> = {}): SealRecord {
    return recordOf({
      ...{ parent: this.tip.id, height: this.tip.height + 1, decision: null },
      ...{ frontier: [], forks: [], left: [], changes: null },
      ...changes,
    })
  }

  /** These devices support and sign the record in a round. */
  seal(record: SealRecord, devices: readonly string[], round = 0): void {
    const { id } = this.tip
    for (const it of devices) this.do(it, { t: 'support', round, seal: record })
    for (const it of devices) if (this.tip.id === id) this.do(it, { t: 'sign', round, seal: record })
    if (this.tip.id !== record.id) throw new Error('the record was not committed')
  }

  /** The first of these devices asks, all of them approve. */
  approved(changes: readonly Change[], devices: readonly string[]): SealRecord['decision'] {
    const proposal = this.do(devices[0] as string, { t: 'propose', changes }).id
    const approvals = devices.map((it) => this.do(it, { t: 'approve', proposal }).id)
    return { proposal, approvals: approvals.sort() }
  }

  decide(changes: readonly Change[], devices: readonly string[], more: Partial<SealRecord> = {}): void {
    this.seal(this.record({ ...more, decision: this.approved(changes, devices) }), devices)
  }

  /** A row for the last commit of each of these devices. */
  frontier(devices: readonly string[]): SealRecord['frontier'] {
    return devices.map((it) => {
      const last = this.lastOf(it) as Commit
      return [it, last.seq, last.id] as const
    })
  }

  #add(commit: Commit): Commit {
    this.oracle.add(commit)
    this.commits.push(commit)
    return commit
  }
}
