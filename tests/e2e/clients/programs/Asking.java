// Asks what the arguments say, through a proxy or not, and prints a line of JSON for each: Java's java.net.http.
import java.io.FileInputStream;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

class Asking {
    public static void main(String[] given) throws Exception {
        var making = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(8));
        if (!given[0].equals("-")) {
            var proxy = URI.create(given[0]);
            making.proxy(ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort())));
        } else {
            making.proxy(HttpClient.Builder.NO_PROXY);
        }
        if (!given[2].equals("-")) {
            making.sslContext(trusting(given[2]));
        }
        var client = making.build();
        for (var at = 3; at < given.length; at++) {
            System.out.println(ask(client, given[1], given[at]));
        }
    }

    private static SSLContext trusting(String file) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (var pem = new FileInputStream(file)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static HttpRequest request(String base, String name) {
        var hello = HttpRequest.BodyPublishers.ofString("hello");
        var made = HttpRequest.newBuilder(URI.create(base + "/" + name)).timeout(Duration.ofSeconds(8));
        return switch (name) {
            case "head" -> made.method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
            case "early" -> made.POST(HttpRequest.BodyPublishers.ofByteArray(new byte[1 << 20])).build();
            case "chunks" -> made.POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream("hello".getBytes()))).build();
            case "expects", "refuses" -> made.expectContinue(true).POST(hello).build();
            default -> made.GET().build();
        };
    }

    private static String ask(HttpClient client, String base, String name) {
        try {
            var answer = client.send(request(base, name), HttpResponse.BodyHandlers.ofString());
            var body = answer.body().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r");
            return String.format("{\"case\":\"%s\",\"status\":%d,\"hints\":0,\"body\":\"%s\",\"trailer\":null}", name, answer.statusCode(), body);
        } catch (Exception failure) {
            return String.format("{\"case\":\"%s\",\"status\":null,\"hints\":0,\"body\":\"error\",\"trailer\":null}", name);
        }
    }
}
