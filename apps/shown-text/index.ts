export { lookOf, shownText } from './shown-text.ts'
