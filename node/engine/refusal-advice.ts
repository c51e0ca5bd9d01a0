import type { AuthorityState } from '#protocol/authority'
import { CoopError } from '#node/errors'
import type { ErrorCode } from '#node/errors'

/** Refusals with a code of their own; the others are `refused`. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  left: 'device-closed',
  'no-slots': 'no-slots',
  'not-steward': 'not-steward',
  'not-elector': 'not-elector',
  'device-unknown': 'device-unknown',
  'proposal-unknown': 'proposal-unknown',
  uncovered: 'not-covered',
  'relay-limit': 'relay-limit',
  'unknown-unit': 'unit-unknown',
}

/** What a local write is answered that a rule of the co-op refused. */
export function refusedError(
  { refusal, detail }: { refusal: string; detail: string },
  authority: AuthorityState,
): CoopError {
  return new CoopError(
    CODES[refusal] ?? 'refused',
    `refused: ${detail} (${refusal})`,
    adviceFor(refusal, authority),
  )
}

/**
 * The next step, as a sentence, after a rule of the co-op refused a local write. Where stewards have to do something it
 * names them.
 */
export function adviceFor(refusal: string, authority: AuthorityState | null = null): string {
  const stewards = stewardsOf(authority)
  switch (refusal) {
    case 'not-a-member':
      return 'Join the co-op with an invite first.'
    case 'no-slots':
      return `Only a device that holds slots can invite. Ask ${stewards} for an invite, or ask for slots: \`coop propose slots DEVICE N\`.`
    case 'role':
      return `This role may not do that. A decision can change it: ask ${stewards}, or any member for \`coop propose role\`.`
    case 'not-steward':
      return `That takes the signature of a steward, from the device that signs for it: ${stewards}. Any other device of the co-op may ask with \`coop propose\`.`
    case 'not-elector':
      return 'That takes the voice of a member whom the last seal knows: `coop kits` names them.'
    case 'recovery-rule':
      return 'The rules say whether devices or kits recover the co-op: `coop recover`.'
    case 'recovered-another':
      return 'This member has spoken for something else: `coop recover` shows what, and who is missing.'
    case 'suspension-quota':
      return `This device has suspended four since the last seal. Another of the stewards may: ${stewards}; or decide with \`coop propose close DEVICE\`.`
    case 'proposal-quota':
      return `This device has asked 16 times since the last seal. Wait until ${stewards} decide: \`coop proposals\` shows who is missing.`
    case 'proposal-unknown':
      return 'Run `coop proposals`; connect to a device that has the proposal.'
    case 'proposal-decided':
      return 'It is decided: `coop history` shows how. Ask anew for something else.'
    case 'left':
      return 'This device has left the co-op. To come back, join with a new data folder and an invite.'
    case 'epoch-outdated':
    case 'unknown-epoch':
      return 'The stewards have decided something meanwhile. Try again.'
    case 'member-removed':
    case 'device-closed':
      return `The stewards closed it (\`coop history\`). To come back it needs an invite and a new key: ask ${stewards}.`
    case 'device-unknown':
    case 'member-unknown':
      return 'Run `coop members`; connect to a device that knows it.'
    case 'uncovered':
      return 'See who holds more: `coop ledger rights`.'
    case 'relay-limit':
      return `Wait until ${stewards} settle what this device was given: their nodes seal as soon as enough of them are in touch. Selling and using it is not limited.`
    case 'unknown-unit':
      return 'Run `coop ledger units`; connect to a device that knows the unit.'
    case 'defined-twice':
      return 'It is defined: `coop ledger units`.'
    case 'void-before':
      return 'Give this device a new key: `coop restore --new-key`, with the recovery kit of the member.'
    case 'chain-waits':
      return 'Connect to another device of the co-op; it has what is missing.'
    case 'document-declined':
      return 'Run `coop documents want ID` to have the document here again.'
    case 'document-incomplete':
      return 'Connect to a device that has all of it; `coop documents` shows what is missing.'
    case 'forked':
      return 'Give this folder a key of its own: `coop restore --new-key`, with the recovery kit of the member.'
    default:
      return 'Check the input; docs/protocol/documents.md says what each document takes.'
  }
}

/** Names of stewards with the devices that sign for them. Names hold no control or direction characters. */
function stewardsOf(authority: AuthorityState | null): string {
  const names = [...(authority?.epochs.tip.stewards ?? [])].map(([member, device]) => {
    const entry = authority?.devices.get(device)
    return entry === undefined ? member.slice(0, 8) : `${entry.memberName}/${entry.deviceName}`
  })
  return names.length === 0 ? 'a steward' : names.join(', ')
}
