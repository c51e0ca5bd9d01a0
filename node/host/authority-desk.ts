import { setTimeout as sleep } from 'node:timers/promises'
import { CHANGES_MAX, SUSPENSION_REASON_MAX, actSection, leaveMessage, outcomeOf } from '#protocol/authority'
import type { AuthorityEntry, AuthorityState, Change, Proposal } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import { LEDGER } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import { CoopError } from '#node/errors'
import { changesOf, checkReason } from './change-request.ts'
import type { ChangeRequest } from './change-request.ts'
import type { CoopNode } from './coop-node.ts'
import { kitOfWords } from './recovery-kit.ts'
import { RosterNames } from './roster-names.ts'

/** How long an answer waits for the seal. A guess: some round trips; the seal comes all the same. */
const SEAL_WAIT_MS = 2_000
/** Ids that an ambiguous beginning is answered with. */
const NAMED_MAX = 4

/** Changes that somebody asks for. */
export type Asked = Pick<Proposal, 'changes' | 'basis'>

/** Acts of people in the authority document: proposals and what stewards say of them, suspensions, leaving. */
export class AuthorityDesk {
  readonly #node: CoopNode

  constructor(node: CoopNode) {
    this.#node = node
  }

  get names(): RosterNames {
    return new RosterNames(this.#authority)
  }

  /** The changes that are asked for, and what is known here of what they name. */
  asked(requests: readonly ChangeRequest[]): Asked {
    const { replica } = this.#node.membership.engine
    const { authority, history } = replica
    const ledger = replica.document(LEDGER) as LedgerState
    const parts = { authority, history, names: this.names, ledger }
    const changes = requests.flatMap((it) => changesOf(it, parts))
    if (changes.length === 0 || changes.length > CHANGES_MAX)
      throw new CoopError('usage', `a proposal has 1 to ${CHANGES_MAX} changes`, 'Make several of it.')
    return { changes, basis: changes.map((it) => basisHere(authority, it)) }
  }

  /** Asks for changes; who signs for a steward approves of them at once. Returns the proposal's id, hex. */
  async propose(requests: readonly ChangeRequest[], reason: string): Promise<string> {
    const asked = this.asked(requests)
    needFit(this.#authority, asked, this.names)
    const { changes } = asked
    const id = await this.#write({ t: 'propose', changes, reason: checkReason(reason) })
    if (this.isSigner) await this.#write({ t: 'approve', proposal: fromHex(id) ?? new Uint8Array(32) })
    await this.#untilSealed(id)
    return id
  }

  /** Approves of a proposal, or declines it. Returns its id, hex. */
  async say(will: 'approve' | 'decline', text: string): Promise<string> {
    const proposal = this.find(text)
    await this.#write({ t: will, proposal: proposal.id })
    await this.#untilSealed(toHex(proposal.id))
    return toHex(proposal.id)
  }

  /** Asks everybody to keep away from a device until a seal closes it or lifts this. Returns the device, hex. */
  async suspend(text: string, reason: string): Promise<string> {
    const device = this.names.findDevice(text)
    const status = this.#authority.statusOf(device)
    if (status === 'closed' || status === 'left')
      throw new CoopError(
        'device-closed',
        `${this.names.deviceText(device)} is out of the co-op already`,
        'Nothing to do: nobody connects to it.',
      )
    const key = fromHex(device) ?? new Uint8Array(32)
    await this.#write({ t: 'suspend', device: key, reason: checkReason(reason, SUSPENSION_REASON_MAX) })
    return device
  }

  /** Closes this device for good; with the words of the member's kit all devices of the member. */
  async leave(kitWords: string | null): Promise<{ member: string; devices: string[] }> {
    const { engine, coop } = this.#node.membership
    const { authority, device } = engine.replica
    const own = device ?? ''
    const entry = authority.devices.get(own)
    if (entry === undefined) throw notOnRoster()
    const ownKits = [...authority.devices].filter(([, it]) => it.member === entry.member)
    const devices = kitWords === null ? [own] : ownKits.map(([device]) => device)
    this.#needOtherSteward(devices)
    const kit = kitWords === null ? null : kitOfWords(kitWords).signer
    if (kit !== null && toHex(kit.publicKey) !== entry.member)
      throw new CoopError(
        'kit-unknown',
        'these words are the recovery kit of somebody else',
        `Take the kit of ${this.names.memberText(entry.member)}, to whom this device belongs.`,
      )
    const signature = kit === null ? null : kit.sign(leaveMessage(coop, this.#node.signer.publicKey))
    await this.#write({ t: 'leave', signature })
    return { member: entry.member, devices: devices.map((it) => this.names.device(it).device) }
  }

  /** The proposal that an id, or its first 8 or more digits, names. */
  find(text: string): Proposal {
    const prefix = text.toLowerCase()
    const { decisions, epochs } = this.#authority
    const whole = /^[0-9a-f]{64}$/.test(prefix) ? decisions.find(prefix) : null
    if (whole !== null) return whole
    const isPrefix = /^[0-9a-f]{8,64}$/.test(prefix)
    const found = decisions.open(epochs.tip).filter((it) => isPrefix && toHex(it.id).startsWith(prefix))
    const [first] = found
    if (first === undefined)
      throw new CoopError(
        'proposal-unknown',
        `no open proposal begins with '${text.slice(0, 80)}'`,
        'Run `coop proposals`: give the first 8 or more digits of its id.',
      )
    if (found.length === 1) return first
    const named = found.slice(0, NAMED_MAX).map((it) => toHex(it.id))
    throw new CoopError(
      'name-ambiguous',
      `${found.length} proposals begin so: ${named.join(', ')}`,
      'Give more digits.',
    )
  }

  /** True when this device signs for a steward. */
  get isSigner(): boolean {
    return this.#authority.epochs.tip.signers.has(this.#node.membership.engine.replica.device ?? '')
  }

  get #authority(): AuthorityState {
    return this.#node.membership.engine.replica.authority
  }

  /** Where a quorum agrees the seal mostly follows at once: whoever asked is told of it rather than of its coming. */
  async #untilSealed(id: string): Promise<void> {
    for (const endMs = performance.now() + SEAL_WAIT_MS; performance.now() < endMs; await sleep(20)) {
      const { decisions, epochs } = this.#authority
      const approvals = [...decisions.willsOn(id, epochs.tip).values()].filter((it) => it.isApproval)
      if (approvals.length < epochs.tip.quorum || epochs.decided.has(id, epochs.tip)) return
    }
  }

  /** A co-op without a steward could only be recovered. */
  #needOtherSteward(leaving: readonly string[]): void {
    const { tip } = this.#authority.epochs
    const staying = [...tip.signers.keys()].filter((it) => !leaving.includes(it))
    if (staying.length > 0) return
    throw new CoopError(
      'refused',
      'nobody would be left who can decide: the devices that leave sign for all stewards (decision-unfit)',
      'First make another member a steward: `coop propose add-steward MEMBER`.',
    )
  }

  /** Writes one act; returns the id (hex) of its commit. */
  async #write(entry: AuthorityEntry): Promise<string> {
    const record = await this.#node.membership.engine.append([actSection(entry)])
    return toHex(record.id)
  }
}

/** Throws when the changes could not become a seal: nobody is to be asked to sign them. */
export function needFit(authority: AuthorityState, asked: Asked, names: RosterNames): void {
  const misfit = misfitOf(authority, asked, names)
  if (misfit === null) return
  const next = 'Run `coop members`, then ask for what fits.'
  throw new CoopError('refused', `${misfit} (decision-unfit)`, next)
}

/** Why a proposal cannot become a seal after the tip, in words; null when it can. */
export function misfitOf(authority: AuthorityState, proposal: Asked, names: RosterNames): string | null {
  const { changes } = proposal
  if (outcomeFor(authority, proposal, changes.length) !== null) return null
  const change = changes.find((_, i) => outcomeFor(authority, proposal, i + 1) === null) ?? changes[0]
  return change === undefined ? 'it changes nothing' : misfitText(change, names)
}

/** What the first `count` changes of a proposal make of the tip; null when they do not fit. */
export function outcomeFor(
  authority: AuthorityState,
  { changes, basis }: Asked,
  count: number = changes.length,
): ReturnType<typeof outcomeOf> {
  const frontier = changes.flatMap((it) => {
    if (it.kind !== 'settle') return []
    const { device, seq, commit } = it
    return [{ device, seq, commit }]
  })
  const decision = { changes: changes.slice(0, count), basis: basis.slice(0, count), left: [], frontier }
  return outcomeOf(decision, authority.epochs.tip, { tree: authority.epochs, roster: authority.roster })
}

/** What is known here of what a change names, as if a proposal were made now. */
export function basisHere(authority: AuthorityState, change: Change): Proposal['basis'][number] {
  const none = { admissions: [], isSuspension: false }
  switch (change.kind) {
    case 'remove':
    case 'demote':
    case 'role': {
      const own = [...authority.devices].filter(([, it]) => it.member === toHex(change.member))
      return { ...none, admissions: own.flatMap(([device]) => authority.admissionsOf(device)) }
    }
    case 'close':
    case 'steward':
    case 'slots':
    case 'allow':
    case 'replace':
      return { ...none, admissions: authority.admissionsOf(toHex(change.device)) }
    case 'lift':
      return { ...none, isSuspension: true }
    case 'rules':
    case 'settle':
    case 'floor':
      return none
  }
}

function misfitText(change: Change, names: RosterNames): string {
  switch (change.kind) {
    case 'remove':
      return `${names.memberText(toHex(change.member))} is removed already, or would leave nobody who decides`
    case 'demote':
      return `${names.memberText(toHex(change.member))} is no steward, or the only one`
    case 'role':
      return `${names.memberText(toHex(change.member))} is removed`
    case 'close':
      return `${names.deviceText(toHex(change.device))} is closed already, or would leave nobody who decides`
    case 'steward':
      return `${names.deviceText(toHex(change.device))} is closed, or signs for another steward`
    case 'slots':
    case 'allow':
    case 'replace':
      return `${names.deviceText(toHex(change.device))} is closed`
    case 'floor':
      return 'the floor must be above the one now, and at most the height of the next epoch'
    case 'lift':
      return 'the suspension is not known'
    case 'settle':
      return 'the commit cannot be settled'
    case 'rules':
      return 'these rules leave nobody who decides'
  }
}

function notOnRoster(): CoopError {
  return new CoopError(
    'refused',
    'this device is not on the roster yet',
    'Start the node where it reaches others of the co-op, then try again.',
  )
}
