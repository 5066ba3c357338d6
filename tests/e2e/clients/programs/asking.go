// Asks what the arguments say, through a proxy or not, and prints a line of JSON for each: Go's net/http.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"time"
)

type said struct {
	Case    string  `json:"case"`
	Status  *int    `json:"status"`
	Hints   int     `json:"hints"`
	Body    string  `json:"body"`
	Trailer *string `json:"trailer"`
}

type unsized struct{ io.Reader }

func request(base, name string) *http.Request {
	var body io.Reader
	method := "GET"
	switch name {
	case "head":
		method = "HEAD"
	case "early":
		method, body = "POST", bytes.NewReader(bytes.Repeat([]byte("x"), 1<<20))
	case "chunks":
		method, body = "POST", unsized{bytes.NewReader([]byte("hello"))}
	case "expects", "refuses":
		method, body = "POST", bytes.NewReader([]byte("hello"))
	}
	made, err := http.NewRequest(method, base+"/"+name, body)
	if err != nil {
		panic(err)
	}
	if name == "expects" || name == "refuses" {
		made.Header.Set("Expect", "100-continue")
	}
	if name == "chunks" {
		made.Trailer = http.Header{"X-Sum": {"5"}}
	}
	return made
}

func main() {
	proxy, base, ca := os.Args[1], os.Args[2], os.Args[3]
	transport := &http.Transport{ExpectContinueTimeout: 8 * time.Second, DisableCompression: true}
	if pem, err := os.ReadFile(ca); err == nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	if proxy != "-" {
		at, err := url.Parse(proxy)
		if err != nil {
			panic(err)
		}
		transport.Proxy = http.ProxyURL(at)
	}
	client := &http.Client{Transport: transport, Timeout: 8 * time.Second}
	for _, name := range os.Args[4:] {
		told := said{Case: name}
		asked := request(base, name)
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			if code != 100 {
				told.Hints++
			}
			return nil
		}}
		answer, err := client.Do(asked.WithContext(httptrace.WithClientTrace(asked.Context(), trace)))
		if err != nil {
			told.Body = "error"
		} else {
			octets, err := io.ReadAll(answer.Body)
			told.Status, told.Body = &answer.StatusCode, string(octets)
			if err != nil {
				told.Body = "cut"
			}
			if sum := answer.Trailer.Get("X-Sum"); sum != "" {
				told.Trailer = &sum
			}
			answer.Body.Close()
		}
		line, _ := json.Marshal(told)
		fmt.Println(string(line))
	}
}
