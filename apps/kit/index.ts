export { kitHtml } from './kit-html.ts'
export { kitSheet } from './kit-sheet.ts'
export type { KitSheet } from './kit-sheet.ts'
export { qrPath } from './qr-path.ts'
