import type { AuthorityState, DeviceStatus } from '#protocol/authority'
import { RosterNames } from './roster-names.ts'
import type { DeviceName } from './roster-names.ts'
import { shownText } from '#apps/shown-text'

/** How a device stands in the co-op, and why. */
export interface StandingView {
  /** Null before it is on the roster. */
  status: DeviceStatus | null
  /** Suspensions that stand, with whoever asked for each. */
  suspensions: { commit: string; by: DeviceName; reason: string }[]
  /** Proposal (hex) and reason of the decision that closed it; null when none did. */
  closedBy: { proposal: string; reason: string; height: number } | null
}

/** How a device (hex) stands. */
export function standingView(authority: AuthorityState, device: string): StandingView {
  const names = new RosterNames(authority)
  const status = authority.statusOf(device)
  const suspensions = status === 'suspended' ? authority.suspensions.filter((it) => it.device === device) : []
  return {
    status,
    suspensions: suspensions.map(({ commit, by, reason }) => ({
      ...{ commit, by: names.device(by), reason: shownText(reason) },
    })),
    closedBy: status === 'closed' ? closingOf(authority, device) : null,
  }
}

/** What this device is told of itself when it is not active; null when it is. */
export function standingWarning(
  authority: AuthorityState,
  device: string,
): { code: string; message: string; next: string } | null {
  const names = new RosterNames(authority)
  const { status, suspensions, closedBy } = standingView(authority, device)
  const stewards = names.stewardsText()
  switch (status) {
    case 'suspended': {
      const why = suspensions.map((it) => {
        const reason = it.reason === '' ? 'no reason given' : `“${it.reason}”`
        return `${shownText(`${it.by.name}/${it.by.deviceName}`)}: ${reason}`
      })
      return {
        code: 'suspended',
        message: `this device is suspended (${why.join('; ')}): the others keep away from it`,
        next:
          'What is stored here stays, and writing here goes on. The stewards close it or lift the suspension: ' +
          `\`coop propose lift DEVICE\` by any member, signed by a quorum of ${stewards}.`,
      }
    }
    case 'closed':
      return {
        code: 'device-closed',
        message:
          closedBy === null || closedBy.reason === ''
            ? 'this device is closed: the stewards decided it'
            : `this device is closed: the stewards decided it (“${closedBy.reason}”)`,
        next:
          'Its data stays readable here; it writes nothing more. To come back, ask a steward for an invite and join ' +
          `with a new data folder. What the others lack of it they can adopt: \`coop propose settle DEVICE COMMIT\`. Stewards: ${stewards}.`,
      }
    case 'left':
      return {
        code: 'device-closed',
        message: 'this device has left the co-op',
        next: 'Its data stays readable here. To come back, join with a new data folder and an invite.',
      }
    case 'active':
    case null:
      return null
  }
}

function closingOf(authority: AuthorityState, device: string): StandingView['closedBy'] {
  for (let at = authority.epochs.tip; at.parent !== null; at = at.parent) {
    if (authority.roster.statusOf(device, at.parent) === 'closed') continue
    const proposal = at.proposal === null ? null : authority.decisions.find(at.proposal)
    if (at.proposal === null || proposal === null) return null
    return { proposal: at.proposal, reason: shownText(proposal.reason), height: at.height }
  }
  return null
}
