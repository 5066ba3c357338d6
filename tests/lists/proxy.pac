function FindProxyForURL(url, host) {
  if (dnsDomainIs(host, ".vevox.app") || host == "8x8.vc") return "PROXY proxy.corp.example:8080";
  return "DIRECT";
}
