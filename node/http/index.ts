export { HttpServer } from './server.ts'
export type { PhoneDoorOptions } from './phone-door.ts'
