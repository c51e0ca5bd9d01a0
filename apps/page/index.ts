export { accessCodeFrom, forgetAccessCode, keepAccessCode, takeAccessCode } from './access-code.ts'
export { AccessForm } from './access-form.tsx'
export { Camera } from './camera.ts'
export type { CameraState } from './camera.ts'
export { CodeReader } from './code-reader.ts'
export type { DecoderAnswer, DecoderFrame } from './code-reader.ts'
export { Dialog } from './dialog.tsx'
export { Field } from './field.tsx'
export { holderKeyText, isHolderKeyText, readHolderKey } from './holder-key.ts'
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
export { canonicalAmount, changeOf, isAmount, shownAmount, sumOf, timesOf, usualPayments } from './money.ts'
export { CallFailure, NodeLink } from './node-link.ts'
export { PHONE_BASE, PageLinks, useDoors } from './page-links.tsx'
export type { Doors } from './page-links.tsx'
export { QrSquare } from './qr-square.tsx'
export { RequestId, newRequestId } from './request-id.ts'
export { ScanField } from './scan-field.tsx'
export { SelectField } from './select-field.tsx'
export { StaffPage } from './staff-page.tsx'
export type { StaffParts } from './staff-page.tsx'
export { Symbol } from './symbol.tsx'
export type { SymbolName } from './symbol.tsx'
export { keepValue, keptValue } from './kept-value.ts'
export { useWakeLock } from './use-wake-lock.ts'
export { useWedge } from './use-wedge.ts'
export { Words } from './words.ts'
