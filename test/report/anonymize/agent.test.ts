import { expect, test } from 'vitest';
import { agentStandIn } from '../../../src/report/anonymize/agent.ts';
import { NameBook } from '../../../src/report/anonymize/name-book.ts';

test.each([
  ['kubelet/v1.31.0 (linux/amd64) kubernetes/9edcffc', 'kubelet/v1.31.0 kubernetes'],
  ['kubectl/v1.29.4-eks-acme (darwin/arm64) kubernetes/acme', 'kubectl/v1.29.4 kubernetes'],
  ['acme-ledger/2.1 (build 7; acme)', 'agent-1/2.1'],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['acme acme/1 (acme', 'agent-1 agent-1/1'],
  ['', ''],
])('%s', (agent, expected) => {
  expect(agentStandIn(agent, new NameBook(null))).toBe(expected);
});
