export { verdictName } from './verdict-name.ts'
