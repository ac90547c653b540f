import ArgumentParser
import Evaluation
import Formats
import Foundation
import LatticeSupport
import MeanField
import Page
import Pipeline
import ToolSupport
import Unaries

/// `crf-tune serve`: a page on which parameters are chosen by looking.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a page on which parameters are chosen by looking.",
    usage: "crf-tune serve --unary <file> --image <file> [<options>]",
    discussion: """
      Prints an address of this machine; a browser shows the page there until Ctrl-C ends it. The page \
      has the images with their labels before and after, and a control for every setting of every step. \
      With --ground-truth, IOUs change as controls move.

      Only this machine can reach the page, and only with the random token in the address. With --host, \
      others can, and what they send and see is not encrypted.
      """)

  @OptionGroup(title: "Input") var input: UnaryOptions
  @OptionGroup(title: "Input") var truth: TruthOptions
  @OptionGroup(title: "Plan") var steps: StepOptions

  @Option(
    name: [.customLong("preset"), .customLong("plan")],
    help: ArgumentHelp(
      "What the page starts with: published parameters by name, or a file of parameters or of a "
        + "plan. (default: \(CRFModel.defaultPreset), unless --step is given)", valueName: "preset")
  )
  var preset: String?

  @Option(
    help: ArgumentHelp(
      "The colours and names of labels: \(Palette.knownNames), or a file of lines 'red green blue "
        + "name'. (default: \(Palette.usualName))", valueName: "palette"))
  var palette: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How far the band around true boundaries reaches, in pixels.", valueName: "width"))
  var trimapWidth = 4

  @Option(
    help: ArgumentHelp(
      "Where the page may save presets; it never replaces a file that it has not written. (default: "
        + "nowhere; browsers can download them)", valueName: "folder"))
  var presets: String?

  @Option(
    help: ArgumentHelp(
      "The address to listen to: 0.0.0.0 for all that can reach this machine.",
      valueName: "address"))
  var host = "127.0.0.1"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The port to listen to; 0 takes one that is free.", valueName: "port"))
  var port = 0

  @Option(
    help: ArgumentHelp(
      "What the address holds in place of a random token, so that bookmarks hold: at least 16 letters, "
        + "digits, '-' and '_'. Whoever sees this command in a list of processes knows it.",
      valueName: "token"))
  var token: String?

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    if let help = try steps.help() {
      try StandardOutput.print(help)
      return
    }
    let site = Site(try settings())
    let server = try OptionCheck.naming("--port") {
      try PageServer(
        site, host: host, port: try checkedPort(), token: try checkedToken())
    }
    let outcome = Outcome()
    Task {
      do {
        try await server.run()
      } catch {
        outcome.end(with: error)
      }
    }
    Task {
      guard (try? await server.waitUntilListening()) != nil else { return }
      try? StandardOutput.print(server.address)
      StandardError.write("The page is served until Ctrl-C ends it.\n")
    }
    try outcome.wait()
  }

  /// What serving ends with, from the thread that serves.
  private final class Outcome: @unchecked Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private var error: (any Error)?

    func end(with error: any Error) {
      self.error = error
      semaphore.signal()
    }

    func wait() throws {
      semaphore.wait()
      if let error { throw error }
    }
  }

  private func checkedPort() throws -> UInt16 {
    guard let port = UInt16(exactly: port) else {
      throw InputError(
        .usage, at: "--port", "is \(port), but must be 0…65535", remedy: "0 takes one that is free")
    }
    return port
  }

  private func checkedToken() throws -> String {
    guard let token else { return Gate.makeToken() }
    guard Gate.isToken(token) else {
      throw InputError(
        .usage, at: "--token", "is not 16 to 128 letters, digits, '-' and '_'",
        remedy: "leave it out for a random one")
    }
    return token
  }

  private func settings() throws -> SiteSettings {
    let parallelism = try threads.parallelism()
    let colors = try Palette(option: palette)
    guard (1...1 << 20).contains(trimapWidth) else {
      throw InputError(
        .usage, at: "--trimap-width", "is \(trimapWidth), but must be at least 1",
        remedy: "4 is usual")
    }
    if let presets, !FolderListing.isFolder(presets) {
      throw InputError(
        .cannotCreate, at: "--presets", "is '\(presets)', which is not a folder",
        remedy: "make it first")
    }
    let readings = try truth.readings(colors, isChosen: palette != nil)
    let unary = try ScoreReading(input, labels: readings.labels)
    let plan = try plan(parallelism)
    let (images, failures) = try images(unary, readings.truth)
    var settings = SiteSettings(
      images: images, plan: plan,
      judging: Judging(ignoring: try truth.voidLabel(), trimapWidth: trimapWidth),
      palette: colors,
      calls: CallTexts(inputs: Self.inputs(), scoreKind: unary.kind.rawValue),
      parallelism: parallelism)
    settings.failures = failures
    settings.presets = presets
    return settings
  }

  private func plan(_ parallelism: Parallelism) throws -> Plan {
    guard !steps.step.isEmpty else {
      return try OptionCheck.naming("--preset") {
        try Plan(named: preset ?? CRFModel.defaultPreset, context: .files).resolved(.files)
      }
    }
    try OptionCheck.refuse(
      ["--preset": preset != nil], because: "is given, and so is --step",
      remedy: "write the CRF as a step: --step crf:model=\(preset ?? "")")
    return try OptionCheck.naming("--step") { try Plan(steps.step).resolved(.files) }
  }

  /// The images, and files that have no image or truth.
  private func images(
    _ unary: ScoreReading, _ reading: LabelReading
  ) throws -> ([PageImage], [InputError]) {
    guard let scores = input.unary else {
      throw InputError(
        .usage, at: "--unary", "is missing: the page needs scores",
        remedy: "give a file, or a folder; files belong together by their stems")
    }
    guard let image = input.image else {
      throw InputError(
        .usage, at: "--image", "is missing: the page shows the image of the scores",
        remedy: "give a file, or a folder; files belong together by their stems")
    }
    guard FolderListing.isFolder(scores) else {
      var files = ScoreFiles(
        scores: scores, image: image, mergedWith: Array(input.unaries.dropFirst()))
      files.moreImages = Array(input.images.dropFirst())
      let one = PageImage(
        name: FolderListing.split(scores).stem, files, truth: truth.groundTruth, reading: unary,
        truthReading: reading)
      return ([one], [])
    }
    let match = try FolderMatch(
      scores: scores, images: image, groundTruth: truth.groundTruth,
      others: Array(input.unaries.dropFirst()), areLabels: unary.kind == .labels,
      called: "--unary")
    let found = match.entries.compactMap { entry -> PageImage? in
      guard entry.error == nil, let image = entry.companions["image"] else { return nil }
      return PageImage(
        name: entry.stem, ScoreFiles(scores: entry.path, image: image, mergedWith: entry.others),
        truth: entry.companions["ground truth"], reading: unary, truthReading: reading)
    }
    let failures = match.entries.compactMap(\.error)
    guard !found.isEmpty else {
      throw failures.first
        ?? InputError(.noInput, at: scores, "has no scores", remedy: "check the folder")
    }
    return (found, failures)
  }

  /// Options that are of the page alone, each with a value.
  private static let own: Set = [
    "--step", "--preset", "--plan", "--trimap-width", "--presets", "--host", "--port", "--token",
    "--threads",
  ]

  /// The options that say what is read, as they were given: crf-refine has the same.
  private static func inputs() -> [String] {
    var rest = programArguments().dropFirst()
    var inputs: [String] = []
    while let argument = rest.popFirst() {
      if own.contains(argument) {
        _ = rest.popFirst()
      } else if !own.contains(where: { argument.hasPrefix($0 + "=") }) {
        inputs.append(argument)
      }
    }
    return inputs
  }
}
