// Prints what @aws-cdk/cloudformation-diff says of pairs of templates.
//
// Usage: node peer.mjs PACKAGES DIRECTORY…: the node_modules that has it, and
// directories with before.json and after.json. Prints a JSON object by directory:
// whether anything differs; whether it says of the change that permissions are broadened,
// or of a resource that it is replaced, may be, or goes; and the text in which it
// says so, with the resources' logical IDs.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';

const [packages, ...directories] = process.argv.slice(2);
const diff = createRequire(join(resolve(packages), 'x.js'))('@aws-cdk/cloudformation-diff');

const losses = ['WILL_REPLACE', 'MAY_REPLACE', 'WILL_DESTROY', 'WILL_ORPHAN'];

function read(directory, side) {
  return JSON.parse(readFileSync(join(directory, `${side}.json`), 'utf8'));
}

function securityText(template) {
  const parts = [];
  const stream = new Writable({ write: (chunk, _, done) => { parts.push(chunk); done(); } });
  diff.formatSecurityChanges(stream, template);
  return parts.join('');
}

const found = {};
for (const directory of directories) {
  const template = diff.fullDiff(read(directory, 'before'), read(directory, 'after'));
  const lost = [];
  template.resources.forEachDifference((id, change) => {
    if (losses.includes(change.changeImpact)) {
      lost.push(id);
    }
  });
  const broadened = template.permissionsBroadened;
  found[directory] = {
    changed: !template.isEmpty,
    danger: broadened || lost.length > 0,
    text: lost.join(' ') + (broadened ? ` ${securityText(template)}` : ''),
  };
}
console.log(JSON.stringify(found));
