import FlyingFox
import Foundation

/// Who may ask a page for anything.
///
/// The page can be reached from this machine alone, but so by all people on it, and every web site
/// that a browser on it shows can send requests to it. So whoever asks must know the token in the
/// page's address, must have called the page by its own name (a site whose name leads to this
/// machine calls it by the site's), and must not be another site.
package struct Gate: Sendable {
  private let token: String
  /// Names by which the page may be called, without a port.
  private let names: Set<String>
  /// Whether any address in numbers is one of them.
  private let takesAddresses: Bool
  private let port: UInt16

  /// Where the page begins.
  var root: String { "/\(token)/" }

  /// - Parameters:
  ///   - token: what addresses begin with.
  ///   - host: the address that the server is bound to.
  ///   - port: its port.
  package init(token: String, host: String, port: UInt16) {
    self.token = token
    let everywhere = ["0.0.0.0", "::"].contains(host)
    let local = ["127.0.0.1", "::1", "localhost"].contains(host)
    names = Set([host.contains(":") ? "[\(host)]" : host]).union(
      local || everywhere ? ["localhost", "127.0.0.1", "[::1]"] : [])
    takesAddresses = everywhere
    self.port = port
  }

  /// A random token of 128 bits.
  package static func makeToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Whether text can be a token: nobody guesses 16 characters, and these need no quotes.
  package static func isToken(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9_-]{16,128}/) != nil
  }

  /// What a request is refused with; `nil` where it may be answered.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard isOwnName(request.headers[.host]) else {
      return Self.refused(.misdirectedRequest, "this page is not called by that name")
    }
    let origin = HTTPHeader("Origin")
    if let text = request.headers[origin], text != "http://\(request.headers[.host] ?? "")" {
      return Self.refused(.forbidden, "this page answers no other site")
    }
    let site = request.headers[HTTPHeader("Sec-Fetch-Site")]
    guard [nil, "same-origin", "none"].contains(site) else {
      return Self.refused(.forbidden, "this page answers no other site")
    }
    guard isOwnPath(request.target.path()) else {
      return Self.refused(
        .forbidden, "the address lacks the page's token: open the one that crf-tune has printed")
    }
    guard request.method == .GET else {
      return Self.refused(.methodNotAllowed, "this page is read")
    }
    let length = request.headers[.contentLength].map { Int($0) ?? 1 } ?? 0
    guard length == 0, request.headers[.transferEncoding] == nil else {
      return Self.refused(.payloadTooLarge, "this page takes nothing with a request")
    }
    return nil
  }

  /// Whether a request that may be answered may open a connection: one that names no origin is no
  /// browser's.
  func mayConnect(_ request: HTTPRequest) -> Bool { request.headers[HTTPHeader("Origin")] != nil }

  private func isOwnName(_ host: String?) -> Bool {
    guard let host else { return false }
    let ending = ":\(port)"
    let name = host.hasSuffix(ending) ? String(host.dropLast(ending.count)) : port == 80 ? host : ""
    return names.contains(name.lowercased())
      || takesAddresses && name.wholeMatch(of: /[0-9.]+|\[[0-9a-fA-F:.]+\]/) != nil
  }

  /// In time that does not depend on how much of the token is right.
  private func isOwnPath(_ path: String) -> Bool {
    let (given, wanted) = (Array(path.utf8.prefix(root.utf8.count)), Array(root.utf8))
    guard given.count == wanted.count else { return false }
    return zip(given, wanted).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  static func refused(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
    HTTPResponse(
      statusCode: status,
      headers: [.contentType: "text/plain; charset=utf-8", .connection: "close"],
      body: Data((text + "\n").utf8))
  }
}
