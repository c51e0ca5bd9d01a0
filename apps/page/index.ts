export { accessCodeFrom, forgetAccessCode, keepAccessCode, takeAccessCode } from './access-code.ts'
export { AccessForm } from './access-form.tsx'
export { Dialog } from './dialog.tsx'
export { currentLanguage, keepLanguage, localeOf } from './language.ts'
export type { Language } from './language.ts'
export type {
  Bucket,
  EventView,
  GateGroup,
  Guarantee,
  Holder,
  Price,
  Share,
  TicketClass,
  Zone,
} from './event-view.ts'
export { LanguageSwitch } from './language-switch.tsx'
export { CallFailure, NodeLink } from './node-link.ts'
export { QrSquare } from './qr-square.tsx'
export { RequestId, newRequestId } from './request-id.ts'
export { Symbol } from './symbol.tsx'
export type { SymbolName } from './symbol.tsx'
export { keepValue, keptValue } from './kept-value.ts'
export { useWakeLock } from './use-wake-lock.ts'
