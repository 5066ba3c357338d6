resource policy 'Microsoft.Network/firewallPolicies@2024-05-01' existing = {
  name: 'p'
}
resource group 'Microsoft.Network/firewallPolicies/ruleCollectionGroups@2024-05-01' = {
  parent: policy
  name: 'g'
  properties: {
    ruleCollections: [
      {
        ruleCollectionType: 'FirewallPolicyFilterRuleCollection'
        action: { type: 'Allow' }
        rules: [
          {
            ruleType: 'ApplicationRule'
            name: 'vevox'
            protocols: [ { protocolType: 'Https', port: 443 } ]
            targetFqdns: [
              'vevox.app'
              '*.vevox.app'
            ]
          }
          {
            ruleType: 'NetworkRule'
            name: 'turn'
            ipProtocols: [ 'UDP' ]
            destinationAddresses: [ '168.138.110.244' ]
            destinationPorts: [ '443', '49152-65535' ]
          }
        ]
      }
    ]
  }
}
