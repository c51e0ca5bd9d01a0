export { keyFragment, newKeyLink, readKeyLink, readTicketLink, ticketLink } from './ticket-link.ts'
export type { LinkedTicket } from './ticket-link.ts'
