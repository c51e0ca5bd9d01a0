import type { AuthorityEntry, Change, Proposal } from '#protocol/authority'
import { actSection, encodeSeal, leaveMessage, recoveryMessage } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { BALLOT_ACTS_IN_A_ROW_MAX, BALLOT_RETRY_MS, BallotTurns } from '#protocol/replica'
import type { Replica } from '#protocol/replica'
import { Timers, sampleWhole } from '../kernel/index.ts'
import type { RandomStream, Simulator } from '../kernel/index.ts'
import type { Books, ReachedState, SimCrypto, SimNode } from '../peers/index.ts'
import { replaceOf } from './replacement.ts'
import type { AuthorityConfig, Decision } from './world-config.ts'

/** Longest time that somebody thinks about a proposal: a day. */
const CONSIDER_US_MAX = 86_400_000_000
/** A keeper that wants to look again within this is at work; else it waits for the day, or for others. As two rounds. */
const BUSY_MS = 120_000
/** Slots that a proposal asks for. */
const SLOTS_ASKED = 2

/** What an assembly stands on. */
export interface AssemblyParts {
  readonly sim: Simulator
  readonly config: AuthorityConfig
  readonly coop: Uint8Array
  readonly crypto: SimCrypto
  readonly books: Books
  /** Recovery keys by place. */
  readonly kits: ReadonlyMap<number, Signer>
  /** Nodes that there may be. */
  readonly slotsMax: number
  /** Places of people whose devices are gone for good. */
  readonly lost: ReadonlySet<number>
  /** Nodes at a place that write: one, or both sides of a cheat; none before it has joined. */
  writersAt(place: number): readonly SimNode[]
  /** Places of stewards who withhold their first signature. */
  readonly withholders: ReadonlySet<number>
  /** Takes a place off the network for a good part of the faults; false once they are over. */
  hide(place: number): boolean
  /** A decision by its key. */
  decisionOf(key: number): Decision | undefined
  /** Key of the device at a place. */
  deviceAt(place: number): Uint8Array
}

/** What a steward's people and node do at one node. */
interface Desk {
  readonly node: SimNode
  turns: BallotTurns | null
  /** Open proposals (hex) that its people have taken notice of. */
  readonly noticed: Set<string>
  /** Proposals that its people still think about. */
  pending: number
  hasHidden: boolean
  /** When the keeper wants to look again, by the node's clock; null: not of its own accord. */
  wakeAtMs: number | null
  acts: number
}

/** People who ask, agree and decline, and the keepers of seals on their nodes, in virtual time. */
export class Assembly {
  readonly #parts: AssemblyParts
  /** By slot. */
  readonly #desks = new Map<number, Desk>()
  readonly #looks: Timers
  readonly #willKind: number
  readonly #wills: { desk: Desk; proposal: string }[] = []
  /** True once nobody is to write any more. */
  isOver = false

  constructor(parts: AssemblyParts) {
    this.#parts = parts
    const { sim, slotsMax } = parts
    this.#looks = new Timers(sim, {
      ...{ name: 'ballot.look', targets: slotsMax },
      onDue: (slot) => this.#look(this.#desks.get(slot)),
    })
    this.#willKind = sim.register('steward.will', (index) => this.#say(this.#wills[index]))
  }

  /** Seats the people and the keeper of a node. */
  seat(node: SimNode): void {
    const desk: Desk = {
      node,
      turns: null,
      noticed: new Set(),
      pending: 0,
      hasHidden: false,
      wakeAtMs: null,
      acts: 0,
    }
    this.#desks.set(node.slot, desk)
    node.onDecided = () => this.#moved(desk)
  }

  /** True while people or a keeper at one of these nodes have something to do before long, and enough stewards in touch. */
  isBusy(nodes: readonly SimNode[]): boolean {
    return nodes.some((node) => this.workOf(node) !== null)
  }

  /** What the keeper of a node waits to do, in words; null for nothing. */
  workOf(node: SimNode): string | null {
    const { replica } = node
    const desk = this.#desks.get(node.slot)
    if (replica === null || desk === undefined) return null
    if (desk.pending > 0) return `the steward at node ${node.number} still thinks about a proposal`
    if (desk.wakeAtMs === null) return null
    const { tip } = replica.authority.epochs
    if (!tip.signers.has(node.device) || desk.wakeAtMs - node.nowMs > BUSY_MS) return null
    const near = [...this.#inTouch(node), node.device].filter((it) => tip.signers.has(it))
    if (near.filter((it) => isListed(replica, it)).length < tip.quorum) return null
    return `the keeper of node ${node.number} has not settled what follows the seal of height ${tip.height}`
  }

  /** Carries out a decision of one of the kinds that are acts of authority. */
  act(decision: Decision): void {
    const { node: place, what, key } = decision
    for (const node of this.#parts.writersAt(place)) {
      const { replica } = node
      if (replica === null) continue
      const random = this.#parts.sim.random.stream(`assembly.${what}`, key)
      for (const entry of this.#entriesOf(decision, replica, random)) {
        if (node.write(() => actSection(entry)) !== null) continue
        const state = REACHED[entry.t]
        if (state !== undefined) this.#parts.books.reached(state)
      }
    }
  }

  // What people write.

  #entriesOf(decision: Decision, replica: Replica, random: RandomStream): AuthorityEntry[] {
    const { coop, deviceAt, kits } = this.#parts
    const { what, key, node: place, peer } = decision
    if (what === 'propose') {
      const change = this.#changeOf(decision, replica, random)
      return change === null ? [] : [{ t: 'propose', changes: [change], reason: `${ASKED}${key}` }]
    }
    if (what === 'suspend') return [{ t: 'suspend', device: deviceAt(peer), reason: '' }]
    if (what === 'recover') return this.#voices(decision, replica)
    if (what !== 'leave') return []
    const kit = kits.get(place)
    const isWhole = kit !== undefined && random.below(2) === 0
    return [{ t: 'leave', signature: isWhole ? kit.sign(leaveMessage(coop, deviceAt(place))) : null }]
  }

  #changeOf(decision: Decision, replica: Replica, random: RandomStream): Change | null {
    const { change, peer } = decision
    const { kits, deviceAt } = this.#parts
    const member = kits.get(peer)?.publicKey
    const device = deviceAt(peer)
    const { tip } = replica.authority.epochs
    if (member === undefined || change === undefined) return null
    switch (change) {
      case 'remove':
      case 'demote':
        return { kind: change, member }
      case 'steward':
        return { kind: 'steward', member, device }
      case 'close':
        return { kind: 'close', device }
      case 'slots':
        return { kind: 'slots', device, count: SLOTS_ASKED }
      case 'role':
        return { kind: 'role', member, role: random.pick(['member', 'venue', 'observer']), scopes: null }
      case 'rules': {
        const quorum = random.pick(['two-thirds', 'majority'] as const)
        return { kind: 'rules', quorum, recovery: random.pick(['kits', 'member-quorum'] as const) }
      }
      case 'floor':
        return { kind: 'floor', height: tip.height + 1 }
      case 'replace':
        return replaceOf(replica, { device: this.#parts.deviceAt(decision.node), lost: device })
      case 'lift': {
        const standing = replica.authority.suspensions
        const named = standing.find((it) => it.device === toHex(device)) ?? standing[0]
        const commit = named === undefined ? null : fromHex(named.commit)
        return commit === null ? null : { kind: 'lift', commit }
      }
      case 'adopt': {
        const { history } = replica
        const [end] = history.endsOf(history.findDevice(device))
        if (end === undefined) return null
        return { kind: 'settle', device, seq: history.seqOf(end), commit: history.idOf(end).slice() }
      }
    }
  }

  /** Voices for a recovery in which the member at `peer` is a steward, and those are none whose devices are lost. */
  #voices({ node: place, peer, yes = [place] }: Decision, replica: Replica): AuthorityEntry[] {
    const { coop, kits, deviceAt, lost, crypto } = this.#parts
    const { tip } = replica.authority.epochs
    const member = kits.get(peer)?.publicKey
    if (member === undefined) return []
    const gone = [...lost].map((it) => toHex(kits.get(it)?.publicKey ?? NOBODY)).sort()
    const demoted = gone.filter((it) => tip.stewards.has(it)).map((it) => fromHex(it) ?? NOBODY)
    const seal = encodeSeal({
      ...{ coop, parent: tip.id, height: tip.height + 1, decision: null },
      ...{ frontier: [], forks: [], left: [] },
      changes: [
        { kind: 'steward', member, device: deviceAt(peer) },
        ...demoted.map((it): Change => ({ kind: 'demote', member: it })),
      ],
    })
    if (tip.rules.recovery === 'member-quorum') return [{ t: 'recover', attempt: 0, seal }]
    const message = recoveryMessage(coop, 0, crypto.crypto.sha256(seal))
    return yes.flatMap((it): AuthorityEntry[] => {
      const kit = kits.get(it)
      if (kit === undefined) return []
      return [{ t: 'kits', attempt: 0, seal, kit: kit.publicKey, signature: kit.sign(message) }]
    })
  }

  // What stewards say.

  #moved(desk: Desk): void {
    const { node } = desk
    const { sim, config, books } = this.#parts
    if (node.replica === null) return
    const { epochs, decisions } = node.replica.authority
    const isNew = !node.isReckless && books.line.sees(node, epochs.tip)
    const decided = isNew ? decisions.find(epochs.tip.proposal ?? '') : null
    if (decided?.changes.some(({ kind }) => kind === 'settle') === true) books.reached('adopted')
    if (this.isOver) return
    if (epochs.tip.signers.has(node.device)) {
      for (const { id } of decisions.open(epochs.tip)) {
        const proposal = toHex(id)
        if (desk.noticed.has(proposal)) continue
        desk.noticed.add(proposal)
        const random = sim.random.stream('steward.considers', node.number, this.#wills.length)
        const delayUs = sampleWhole(config.considerUs, random, CONSIDER_US_MAX)
        desk.pending += 1
        sim.after(delayUs, this.#willKind, this.#wills.push({ desk, proposal }) - 1)
      }
    }
    this.#looks.set(node.slot, sim.nowUs)
  }

  #say(will: { desk: Desk; proposal: string } | undefined): void {
    if (will === undefined || this.isOver) return
    will.desk.pending -= 1
    const { node, noticed } = will.desk
    const authority = node.replica?.authority
    const proposal = authority?.decisions.find(will.proposal)
    // What is known of no more is noticed again when it is back.
    if (proposal === null || proposal === undefined || authority === undefined)
      return void noticed.delete(will.proposal)
    const { tip } = authority.epochs
    const said = authority.decisions.willsOn(will.proposal, tip)
    const steward = tip.signers.get(node.device)
    if (steward === undefined || said.has(steward)) return
    const t = this.#approves(node, steward, proposal) ? 'approve' : 'decline'
    const refusal = node.write(() => actSection({ t, proposal: proposal.id }))
    if (refusal === null) this.#parts.books.reached(t === 'approve' ? 'approved' : 'declined')
    else noticed.delete(will.proposal)
  }

  #approves(node: SimNode, steward: string, { changes, reason }: Proposal): boolean {
    const { sim, config, decisionOf } = this.#parts
    const key = Number(reason.slice(ASKED.length))
    const asked = decisionOf(key)
    if (asked?.yes !== undefined) return asked.yes.includes(node.number)
    const isAgainst = changes.some((it) => {
      if (it.kind === 'remove' || it.kind === 'demote') return toHex(it.member) === steward
      return it.kind === 'close' && toHex(it.device) === node.device
    })
    if (isAgainst) return false
    return node.isReckless || sim.random.stream('steward.agrees', node.number, key).chance(config.approval)
  }

  // What keepers write.

  #look(desk: Desk | undefined): void {
    const { config, sim, books } = this.#parts
    if (desk === undefined || this.isOver) return
    const { node } = desk
    const later = (delayUs: number): void => this.#looks.set(node.slot, sim.nowUs + delayUs)
    desk.wakeAtMs = null
    if (node.writeRefusal !== null || this.#isForked(node)) return later(BALLOT_RETRY_MS * 1_000)
    const turns = this.#turnsOf(desk)
    if (turns === null || !turns.isDue) return
    const { act, wakeAtMs } = turns.next(this.#inTouch(node), node.nowMs)
    desk.wakeAtMs = wakeAtMs
    if (act === null) {
      desk.acts = 0
      const waitUs = wakeAtMs === null ? Infinity : Math.max(0, Math.ceil((wakeAtMs - node.nowMs) * 1_000))
      return later(Math.min(waitUs, config.lookEveryUs))
    }
    desk.acts += 1
    if (desk.acts > BALLOT_ACTS_IN_A_ROW_MAX)
      throw new Error(
        `the keeper of node ${node.number} wrote ${desk.acts} acts in a row, at last '${act.t}'`,
      )
    const isWithheld = act.t === 'sign' && !desk.hasHidden && this.#parts.withholders.has(node.number)
    if (isWithheld && this.#parts.hide(node.number)) {
      desk.hasHidden = true
      books.reached('signature-withheld')
    }
    const { tip } = turns.replica.authority.epochs
    if (node.write(() => actSection(act)) !== null) {
      desk.acts = 0
      return later(BALLOT_RETRY_MS * 1_000)
    }
    desk.wakeAtMs = node.nowMs
    if (act.t === 'advance') books.reached('round-given-up')
    if (act.t !== 'support' && act.t !== 'sign') return
    const seal = act.seal.length === 32 ? act.seal : this.#parts.crypto.crypto.sha256(act.seal)
    books.line.votes(node.device, `${tip.name}/${act.round}`, toHex(seal))
  }

  #turnsOf(desk: Desk): BallotTurns | null {
    const { replica, disk, nowMs } = desk.node
    if (replica === null) return null
    if (desk.turns?.replica !== replica) desk.turns = new BallotTurns(replica)
    const { undated } = desk.turns
    if (undated !== null) {
      const times = undated.orders.map((order) => disk.at(order)?.record.header.timeMs ?? null)
      desk.turns.date(
        undated,
        times.filter((it) => it !== null),
        nowMs,
      )
    }
    return desk.turns
  }

  /** A device that knows that its key has two histories keeps no ballot, unless it is a cheat. */
  #isForked({ replica, device, isReckless }: SimNode): boolean {
    if (isReckless || replica === null || replica.forkEnds.forked.size === 0) return false
    return replica.forkEnds.forked.has(replica.history.findDevice(fromHex(device) ?? NOBODY))
  }

  #inTouch({ links }: SimNode): Set<string> {
    const near = [...links.values()].filter((it) => !it.isOutside)
    return new Set(near.map((it) => toHex(this.#parts.deviceAt(it.peer))))
  }
}

/**
 * True while others list what the device (hex) writes. Of a steward whose chain a floor made late they do not, so nothing that
 * needs its voice can be decided before somebody else is back (docs/protocol/authority.md, Open).
 */
function isListed({ history, epochs }: Replica, device: string): boolean {
  if (epochs.length < history.length) return true
  const number = history.findDevice(fromHex(device) ?? NOBODY)
  const ends = number < 0 ? [] : history.endsOf(number)
  return ends.every((end) => epochs.evaluation.goodUpTo(end) === history.seqOf(end))
}

/** States that acts of people bring about. */
const REACHED: Partial<Record<AuthorityEntry['t'], ReachedState>> = {
  propose: 'proposed',
  suspend: 'device-suspended',
  leave: 'device-left',
}
/** How the reason of a proposal begins: behind it stands the key of the decision. */
const ASKED = 'request '
const NOBODY: Uint8Array = new Uint8Array(32)
