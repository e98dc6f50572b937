/** `npm run json-page`: writes docs/json.md, which is made of the schemas. */
import { writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { jsonPage } from './build/json-page.ts'

writeFileSync('docs/json.md', await format(jsonPage(), { parser: 'markdown' }))
