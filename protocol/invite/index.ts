export {
  INVITE_ADDRESSES_MAX,
  INVITE_LINK_LENGTH_MAX,
  INVITE_SECRET_BYTES,
  formatInviteLink,
  parseInviteLink,
} from './invite-link.ts'
export type { InviteLink, InviteLinkResult } from './invite-link.ts'
export {
  JOIN_MESSAGE_BYTES_MAX,
  decodeJoinAnswer,
  decodeJoinRequest,
  decodeRenewalRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  encodeRenewalRequest,
} from './join-message.ts'
export type { JoinAnswer, JoinRefusal, JoinRequest, RenewalRequest, WaitingAnswer } from './join-message.ts'
