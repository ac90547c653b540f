/// Names of files as the system has them, any bytes, and as programs have them, text.
///
/// Names from other systems' archives need not be UTF-8. In text, each byte that is not part of
/// UTF-8 stands as a private code point of its own, U+10F700 and the byte, so that every name comes
/// out as it went in. Whatever hands a path to the system calls `withSystemPath`; whatever gets one
/// from it makes its text by `String(systemPath:)`.
package enum SystemPath {
  /// What the code points of bytes begin with.
  private static let base: UInt32 = 0x10_F700

  /// The code points that stand for bytes; ASCII is always UTF-8.
  private static let places = base + 0x80...base + 0xFF

  fileprivate static func isEscaped(_ text: String) -> Bool {
    // What the UTF-8 of all of them begins with, which hardly anything else does.
    text.utf8.contains(0xF4) && text.unicodeScalars.contains { places.contains($0.value) }
  }

  fileprivate static func bytes(of text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar -> [UInt8] in
      places.contains(scalar.value)
        ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(UTF8.encode(scalar)!)
    }
  }

  fileprivate static func text(of bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !isEscaped(text) { return text }
    var text = String.UnicodeScalarView()
    func append(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { text.append(Unicode.Scalar(base + UInt32(byte))!) }
    }
    var rest = Array(bytes)[...]
    var iterator = rest.makeIterator()
    var parser = Unicode.UTF8.ForwardParser()
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        let scalar = UTF8.decode(encoded)
        // A code point that would be taken for a byte is written as its own bytes.
        if places.contains(scalar.value) { append(encoded) } else { text.append(scalar) }
        rest = rest.dropFirst(encoded.count)
      case .error(let length):
        append(rest.prefix(length))
        rest = rest.dropFirst(length)
      case .emptyInput:
        return String(text)
      }
    }
  }

  /// Text for people, in which bytes that are not UTF-8 read as `\xD6`.
  package static func readable(_ text: String) -> String {
    guard isEscaped(text) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      if places.contains(scalar.value) {
        result += "\\x" + String(scalar.value - base, radix: 16, uppercase: true)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
}

extension String {
  /// The text for the bytes of a path, or of a list of paths.
  package init(systemPath bytes: some Collection<UInt8>) {
    self = SystemPath.text(of: bytes)
  }

  /// The text for a path that the system gives, up to its zero byte.
  package init(systemPath bytes: UnsafePointer<CChar>) {
    var count = 0
    while bytes[count] != 0 { count += 1 }
    self = SystemPath.text(
      of: UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes), count: count))
  }

  /// Calls `body` with the path as the system has it, which ends with a zero byte.
  package func withSystemPath<Result>(
    _ body: (UnsafePointer<CChar>) throws -> Result
  ) rethrows -> Result {
    guard SystemPath.isEscaped(self) else { return try withCString(body) }
    return try (SystemPath.bytes(of: self) + [0]).withUnsafeBytes {
      try body($0.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
  }
}

/// The arguments of this program, behind its name.
package func programArguments() -> [String] {
  (1..<max(1, Int(CommandLine.argc))).compactMap { index in
    CommandLine.unsafeArgv[index].map { String(systemPath: $0) }
  }
}
