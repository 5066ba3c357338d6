mgmt_cli login -r true > id.txt
mgmt_cli add dns-domain name ".vevox.app" is-sub-domain false -s id.txt
mgmt_cli add host name "turn" ip-address 168.138.110.244 -s id.txt
mgmt_cli add network name "media" subnet 198.51.100.0 mask-length 25 -s id.txt
mgmt_cli add group name "meetings" members.1 ".vevox.app" -s id.txt
mgmt_cli publish -s id.txt
