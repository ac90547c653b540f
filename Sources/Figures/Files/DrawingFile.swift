import CCairo
import Formats
import LatticeSupport

/// How a drawing is written.
public enum DrawingFormat: String, CaseIterable, Sendable {
  /// Pixels.
  case png
  /// Lines and text for browsers.
  case svg
  /// Lines and text for print.
  case pdf

  /// The endings, without their dots.
  public static let endings = allCases.map(\.rawValue)

  /// What the ending of a path says; PNG for what is no file, such as `/dev/stdout`.
  ///
  /// - Throws: `InputError` that names the path where it says nothing that is known.
  public init(of path: String) throws {
    if path.hasPrefix("/dev/") || path.hasPrefix("/proc/") {
      self = .png
      return
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
    guard name.contains("."), let format = Self(rawValue: ending) else {
      throw InputError(
        .usage, at: path, "is to be a figure, but its ending says no format of one",
        remedy: "name it .png, .svg or .pdf")
    }
    self = format
  }
}

extension Drawing {
  /// Makes sure that cairo, which measures and draws, is there.
  ///
  /// - Parameter path: where the figure is to go, for the message.
  /// - Throws: `InputError` where it is not.
  public static func checkAvailable(for path: String) throws {
    guard isAvailable else {
      throw InputError(
        .usage, at: path, "is to be a figure, and cairo, which draws them, is not installed",
        remedy: "install it (Debian, Ubuntu: apt-get install libcairo2), or leave the figure out")
    }
  }

  /// Makes sure that a figure can be written to `path`, before what it shows is computed.
  ///
  /// - Throws: `InputError` where the ending says no format, or cairo is not installed.
  public static func check(_ path: String) throws {
    _ = try DrawingFormat(of: path)
    try checkAvailable(for: path)
  }

  /// Writes it as PNG, SVG or PDF, as the ending of `path` says. The file appears whole or not at
  /// all.
  ///
  /// A PNG has two pixels for each unit; one where there are pictures, whose pixels are shown as
  /// they are.
  /// - Throws: `InputError` where it is too large, the ending says no format, cairo is not
  ///   installed or the file cannot be written.
  public func write(to path: String) throws {
    let format = try DrawingFormat(of: path)
    try Self.checkAvailable(for: path)
    do {
      switch format {
      case .png: try PNG.write(picture().image, to: path)
      case .svg:
        let text = try svg()
        try AtomicOutput.write(to: path) { try $0.write(text) }
      case .pdf:
        let bytes = try pdf()
        try AtomicOutput.write(to: path) { try $0.write(bytes) }
      }
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}

extension Drawing {
  /// Whether cairo, which measures and draws, is there. The first call looks for it.
  public static var isAvailable: Bool { sheet_is_available() }

  /// Says that pictures, which nobody has asked for by name, are left out as cairo is not there.
  public static func warnOfAbsence(at path: String) {
    InputWarning(
      at: path, "is without pictures: cairo, which draws them, is not installed",
      remedy: "install it (Debian, Ubuntu: apt-get install libcairo2)"
    ).report()
  }
}
