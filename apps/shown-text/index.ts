export { csvLine } from './csv-line.ts'
export { lookOf, shownText } from './shown-text.ts'
