import { PROPOSAL_REASON_MAX } from '#protocol/authority'
import type { AllowedRight, AuthorityState, Change, Genesis } from '#protocol/authority'
import type { Role } from '#protocol/document'
import { fromHex, toHex } from '#protocol/encoding'
import type { History } from '#protocol/history'
import { isReplaceable } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import { CoopError } from '#node/errors'
import { findCommit } from './commit-lookup.ts'
import { amountOf, findUnit } from './ledger-entries.ts'
import type { RosterNames } from './roster-names.ts'

/** A change as people ask for it: members and devices by whatever names them. */
export type ChangeRequest =
  | { kind: 'remove' | 'demote'; member: string }
  | { kind: 'close' | 'lift'; device: string }
  /** Without a device the member's only one. */
  | { kind: 'steward'; member: string; device?: string | undefined }
  | { kind: 'role'; member: string; role: Role; scopes?: readonly string[] | undefined }
  /** What is left out stays. */
  | { kind: 'rules'; quorum?: Genesis['quorum'] | undefined; recovery?: Genesis['recovery'] | undefined }
  | { kind: 'slots'; device: string; count: number }
  | { kind: 'settle'; device: string; commit: string }
  | { kind: 'floor'; height: number }
  /** The device may issue, or draw on credit, so much more; amounts as text by the unit's scale. */
  | { kind: 'allow'; right: AllowedRight; device: string; unit: string; amount: string }
  /** The device gets so much in the place of what `lost` holds and is silent about. */
  | { kind: 'replace'; device: string; unit: string; amount: string; lost: string }

/** Where what a request names is found. */
export interface RequestParts {
  authority: AuthorityState
  history: History
  names: RosterNames
  ledger: LedgerState
}

/** The changes that a request means: several where it lifts several suspensions of one device. */
export function changesOf(request: ChangeRequest, parts: RequestParts): Change[] {
  const { authority, history, names } = parts
  const member = (text: string): Uint8Array => bytesOf(names.findMember(text))
  const device = (text: string): Uint8Array => bytesOf(names.findDevice(text))
  switch (request.kind) {
    case 'remove':
    case 'demote':
      return [{ kind: request.kind, member: member(request.member) }]
    case 'close':
      return [{ kind: 'close', device: device(request.device) }]
    case 'lift':
      return lifts(names.findDevice(request.device), parts)
    case 'steward': {
      const key = names.findMember(request.member)
      const signing =
        request.device === undefined ? names.onlyDeviceOf(key) : names.findDevice(request.device)
      return [{ kind: 'steward', member: bytesOf(key), device: bytesOf(signing) }]
    }
    case 'role': {
      const { role, scopes } = request
      const sorted = scopes === undefined || scopes.length === 0 ? null : [...new Set(scopes)].sort()
      return [{ kind: 'role', member: member(request.member), role, scopes: sorted }]
    }
    case 'rules': {
      const { rules } = authority.epochs.tip
      const { quorum = rules.quorum, recovery = rules.recovery } = request
      return [{ kind: 'rules', quorum, recovery }]
    }
    case 'slots':
      return [{ kind: 'slots', device: device(request.device), count: request.count }]
    case 'settle': {
      const order = findCommit(history, request.commit)
      const key = device(request.device)
      if (!history.isBy(order, key))
        throw new CoopError(
          'refused',
          `commit ${request.commit} is not of ${names.deviceText(toHex(key))}`,
          'Give a commit of that device: `coop commit show ID` says whose it is.',
        )
      return [{ kind: 'settle', device: key, seq: history.seqOf(order), commit: history.idOf(order).slice() }]
    }
    case 'floor':
      return [{ kind: 'floor', height: request.height }]
    case 'allow': {
      const { right } = request
      return [{ kind: 'allow', right, device: device(request.device), ...issuedOf(request, parts.ledger) }]
    }
    case 'replace': {
      const lost = device(request.lost)
      return [{ kind: 'replace', device: device(request.device), lost, ...issuedOf(request, parts.ledger) }]
    }
  }
}

/** Unit and amount that a seal can issue. */
function issuedOf(
  request: { unit: string; amount: string },
  ledger: LedgerState,
): { unit: string; amount: bigint } {
  const unit = findUnit(ledger, request.unit)
  if (!isReplaceable(unit.id))
    throw new CoopError(
      'refused',
      `${unit.code} is exclusive: each of it exists once, so no seal issues it`,
      'Let the device that holds it hand it over.',
    )
  return { unit: unit.id, amount: amountOf(request.amount, unit) }
}

/** A reason that a proposal can hold; an error that says how long it may be. */
export function checkReason(reason: string, lengthMax: number = PROPOSAL_REASON_MAX): string {
  const text = reason.trim()
  if (text.length <= lengthMax && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return text
  throw new CoopError(
    'usage',
    `a reason has at most ${lengthMax} characters, and none that are not seen or turn the direction`,
    'Write it in one line, and shorter.',
  )
}

function lifts(device: string, { authority, names }: RequestParts): Change[] {
  const own = authority.suspensions.filter((it) => it.device === device)
  if (own.length > 0) return own.map((it) => ({ kind: 'lift', commit: bytesOf(it.commit) }))
  throw new CoopError(
    'refused',
    `nobody has suspended ${names.deviceText(device)}`,
    'Nothing to lift: `coop members` shows who is suspended. A device that wrote two histories gets a new key instead.',
  )
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(32)
}
