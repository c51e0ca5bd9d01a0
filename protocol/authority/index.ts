export { admissionMessage, inviteSigner, isProven } from './admission.ts'
export type { AdmissionClaim } from './admission.ts'
export { AUTHORITY, authorityKind } from './authority-kind.ts'
export { AuthorityState } from './authority-state.ts'
export type { Admission, AuthorityRefusal, DeviceEntry, Invite } from './authority-state.ts'
export { INVITABLE_ROLES, INVITE_USES_MAX, encodeAuthorityEntries } from './entries.ts'
export type {
  AdmitEntry,
  AuthorityEntry,
  GenesisEntry,
  InviteEntry,
  RenewalEntry,
  RevokeEntry,
} from './entries.ts'
export { FOUNDING_SLOTS, NAME_LENGTH_MAX, decodeGenesis, encodeGenesis } from './genesis.ts'
export type { Genesis } from './genesis.ts'
export { isRenewalProven, renewalMessage } from './renewal.ts'
export type { RenewalClaim } from './renewal.ts'
