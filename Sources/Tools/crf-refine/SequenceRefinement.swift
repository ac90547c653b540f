import Evaluation
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// The frames of a sequence, refined one after another by windows that overlap.
struct SequenceRefinement {
  private let files: FrameFiles
  private let numbers: [String: Int]
  private let direction: FlowField.Direction?
  private var run: SequenceRun
  /// What was read of frames that are not answered yet.
  private var opened: [Int: (frame: Refiner.Opened, flow: FlowField?)] = [:]
  private var before = Flicker()
  private var after = Flicker()
  /// The frame that was answered last.
  private var last: (number: Int, before: Flicker.Frame, after: Flicker.Frame)?

  /// - Parameter match: in the order of frames.
  /// - Throws: `InputError` where the plan cannot be made over frames, or flow is missing.
  init(_ match: FolderMatch, _ choice: SequenceChoice, _ settings: Settings) throws {
    let entries = match.entries
    numbers = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.path, $0) })
    direction = choice.flow?.direction
    files = try FrameFiles(
      settings: settings, entries: entries,
      flows: choice.flow.map { try FrameFiles.flows(of: entries, in: $0.folder, $0.direction) })
    var request = RefinementRequest(parallelism: settings.parallelism)
    request.notesObjective = settings.printsJSON
    let plan = try settings.plan.prepared()
    run = try OptionCheck.naming("--sequence") {
      try SequenceRun(
        plan, over: SequenceWindows(frames: entries.count, choice.settings),
        along: choice.flow?.direction, request, name: { entries[$0].path })
    }
  }

  /// What became of it, with flicker between this frame and the one before.
  var flicker: FlickerReport {
    FlickerReport(before: before, after: after, isAlongFlow: direction != nil)
  }

  /// Refines and writes one frame; frames come in order, and some may be left out.
  ///
  /// - Throws: `InputError` where a frame of its window cannot be read, or an output cannot be
  ///   written.
  mutating func refine(_ entry: FolderMatch.Entry) throws -> Outcome {
    guard let number = numbers[entry.path] else {
      preconditionFailure("\(entry.path) is no frame of the sequence")
    }
    var read = opened.filter { $0.key >= number }
    opened = [:]
    defer {
      read[number] = nil
      opened = read
    }
    let files = files
    let result = try run.result(of: number) { number in
      var (frame, loaded, flow) = try files.open(number)
      read[number] = (frame, flow)
      return SequenceRun.Frame(scene: frame.scene, energies: loaded.takeEnergies(), flow: flow)
    }
    guard let (frame, flow) = read[number] else {
      preconditionFailure("frame \(number) was refined, but not read")
    }
    let outcome = try files.refiner(number).finish(frame, result)
    compare(number, frame, flow, result.labels)
    return outcome
  }

  private mutating func compare(
    _ number: Int, _ frame: Refiner.Opened, _ flow: FlowField?, _ labels: LabelMap
  ) {
    let mask = frame.scene.mask
    let pair = (
      before: Flicker.Frame(frame.before, mask: mask, flow: flow),
      after: Flicker.Frame(labels, mask: mask, flow: flow)
    )
    if let last, last.number + 1 == number {
      before.add(last.before, then: pair.before, along: direction)
      after.add(last.after, then: pair.after, along: direction)
    }
    last = (number, pair.before, pair.after)
  }
}

/// The files of a sequence's frames.
private struct FrameFiles {
  let settings: Settings
  let entries: [FolderMatch.Entry]
  /// The file of each frame's flow; `nil` without flow.
  let flows: [String?]?

  /// The file of each frame's flow, but of that which would lead out of the sequence.
  ///
  /// - Throws: `InputError` naming the first frame that has none.
  static func flows(
    of entries: [FolderMatch.Entry], in folder: String, _ direction: FlowField.Direction
  ) throws -> [String?] {
    let index = try FolderIndex(folder, endings: FlowFile.endings)
    let withoutFlow = direction == .forward ? entries.count - 1 : 0
    return try entries.enumerated().map { number, entry in
      guard number != withoutFlow else { return nil }
      guard let path = index.paths(entry.stem).first else {
        throw InputError(
          .noInput, at: entry.path,
          "has no flow '\(entry.stem)' in '\(folder)', which is to lead to the "
            + (direction == .forward ? "next frame" : "frame before"),
          remedy: "files belong together by their stems: '\(entry.stem).flo'")
      }
      return path
    }
  }

  func refiner(_ number: Int) -> Refiner {
    Refiner(settings.files.inside(entries[number]), settings)
  }

  func open(_ number: Int) throws -> (Refiner.Opened, LoadedScores, FlowField?) {
    do {
      let (opened, loaded) = try refiner(number).open()
      guard opened.scene.grid.rank == 2 else {
        throw InputError(
          .data, "lies on a grid of \(opened.scene.grid), but the frames of a sequence are images",
          remedy: "refine volumes one by one")
      }
      let flow = try flows?[number].map { try FlowFile.read($0) }
      return (opened, loaded, flow)
    } catch let error as InputError {
      throw error.at(entries[number].path)
    }
  }
}

/// How often labels change from frame to frame.
struct FlickerReport: Encodable {
  /// The share of pixels whose label changes, 0…1, before the refinement and after it; absent where
  /// no two frames in a row were refined.
  let before: Double?
  let after: Double?
  /// Pixels that were found in the next frame, over all pairs of frames.
  let pixels: Int
  /// Whether pixels are followed along the flow, or looked at in place.
  let along: String

  init(before: Flicker, after: Flicker, isAlongFlow: Bool) {
    self.before = before.share
    self.after = after.share
    pixels = after.compared
    along = isAlongFlow ? "flow" : "fixed_pixels"
  }

  /// For people.
  var text: String {
    guard let before, let after else { return "no two frames in a row were refined" }
    let place = along == "flow" ? "along the flow" : "at fixed pixels"
    return
      "\(EvaluationTable.percent(before)) % before, \(EvaluationTable.percent(after)) % after: "
      + "pixels whose label changes from frame to frame, \(place)"
  }

  /// The same under its topic.
  var line: String { "flicker  " + text }
}
