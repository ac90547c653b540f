/// What stands where a file of data should be, by its first bytes: no reader wants it.
package enum Placeholder: Sendable, Equatable {
  /// The text that Git LFS leaves until it fetches the file.
  case lfsPointer
  /// The text that git-annex leaves until it fetches the file.
  case annexPointer
  /// What a browser shows: a server's question or excuse instead of a download.
  case webPage
  /// What stores of files answer where there is none, or none that may be read.
  case serverError

  /// How many bytes it takes to tell.
  package static let prefixLength = 512

  /// - Parameter bytes: the first bytes of a file; `nil` where they are anything else.
  package init?(prefix bytes: some Sequence<UInt8>) {
    var bytes = Array(bytes.prefix(Self.prefixLength))[...]
    if bytes.starts(with: Array("version https://git-lfs.".utf8))
      || bytes.starts(with: Array("version https://hawser.".utf8))
    {
      self = .lfsPointer
      return
    }
    if bytes.starts(with: Array("/annex/objects/".utf8)) {
      self = .annexPointer
      return
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let text = String(
      decoding: bytes.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }, as: UTF8.self
    ).lowercased()
    guard text.hasPrefix("<"), !text.contains("<svg") else { return nil }
    if ["<!doctype html", "<html", "<head", "<body"].contains(where: { Self.has($0, in: text) }) {
      self = .webPage
    } else if text.contains("<error>") {
      self = .serverError
    } else {
      return nil
    }
  }

  /// Whether `text` has a tag; `<header` is another one than `<head`.
  private static func has(_ tag: String, in text: String) -> Bool {
    text.ranges(of: tag).contains { range in
      range.upperBound == text.endIndex || !text[range.upperBound].isLetter
    }
  }

  /// In words, with its article: `a Git LFS pointer`.
  package var words: String {
    switch self {
    case .lfsPointer: "a Git LFS pointer"
    case .annexPointer: "a git-annex pointer"
    case .webPage: "a web page"
    case .serverError: "a server's error message"
    }
  }

  /// How to get the file itself.
  package var remedy: String {
    switch self {
    case .lfsPointer:
      "fetch the file with 'git lfs pull' in its repository, or download it from there"
    case .annexPointer: "fetch the file with 'git annex get'"
    case .webPage:
      "download the file again; where a page asks for a confirmation, do it in a browser"
    case .serverError: "open it to read why, and download the file again"
    }
  }

  /// The refusal of such a file.
  package func error(at path: String) -> InputError {
    let isPointer = self == .lfsPointer || self == .annexPointer
    return InputError(
      .data, at: path,
      "is \(words)"
        + (isPointer ? ", not the file itself" : " that was saved in place of the file"),
      remedy: remedy)
  }
}
