export type { Act, AuthorityRefusal, BallotRefusal, RecoveryRefusal, SealRefusal } from './act.ts'
export { admissionMessage, inviteSigner, isProven } from './admission.ts'
export type { AdmissionClaim } from './admission.ts'
export type { Admission, DeviceEntry } from './admissions.ts'
export { authorityKind } from './authority-kind.ts'
export { AuthorityState } from './authority-state.ts'
export type { Ballot, Candidate } from './ballot.ts'
export { INVITABLE_ROLES, SCOPES_MAX, SLOTS_GIVEN_MAX } from './change.ts'
export type { AllowedRight, Change, Rules } from './change.ts'
export { PROPOSALS_PER_EPOCH_MAX } from './decisions.ts'
export type { Proposal, Will } from './decisions.ts'
export { leaveMessage } from './departures.ts'
export {
  AUTHORITY,
  INVITE_EXTENDED_USES_MAX,
  INVITE_USES_MAX,
  PROPOSAL_REASON_MAX,
  SUSPENSION_REASON_MAX,
  actSection,
  encodeAuthorityEntries,
} from './entries.ts'
export type {
  AdmitEntry,
  AdvanceEntry,
  AuthorityEntry,
  GenesisEntry,
  InviteEntry,
  KitsEntry,
  LeaveEntry,
  ProposeEntry,
  RecoverEntry,
  RenewalEntry,
  RevokeEntry,
  SuspendEntry,
  VoteEntry,
  WillEntry,
} from './entries.ts'
export { quorumOf } from './epoch.ts'
export type { Epoch } from './epoch.ts'
export type { Closing, EpochTree, Outcome } from './epochs.ts'
export { FOUNDING_SLOTS, NAME_LENGTH_MAX, decodeGenesis, encodeGenesis } from './genesis.ts'
export type { Genesis } from './genesis.ts'
export type { Invite } from './invites.ts'
export { outcomeOf } from './outcome.ts'
export { recoveryMessage, recoveryQuorum } from './recovery.ts'
export type { Recovery, Rescue } from './recovery.ts'
export { isRenewalProven, renewalMessage } from './renewal.ts'
export type { RenewalClaim } from './renewal.ts'
export type { DeviceStatus, Roster, Standing } from './roster.ts'
export type { ChainEnd } from './seal-draft.ts'
export {
  BARE_SEAL_EVERY_MS,
  LEADER_WAIT_MS,
  PROPOSALS_TRIED_MAX,
  ROUND_WAIT_MS,
  SealKeeper,
} from './seal-keeper.ts'
export type { KeeperParts, KeeperStep, KeeperView } from './seal-keeper.ts'
export {
  CHANGES_MAX,
  FORKS_MAX,
  FRONTIER_MAX,
  LEFT_MAX,
  SEAL_BYTES_MAX,
  STEWARDS_MAX,
  decodeSeal,
  encodeSeal,
} from './seal-record.ts'
export type { FrontierRow, SealRecord } from './seal-record.ts'
export type { Suspension } from './suspensions.ts'
export { SUSPENSIONS_PER_EPOCH_MAX } from './suspensions.ts'
