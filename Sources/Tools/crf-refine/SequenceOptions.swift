import ArgumentParser
import Evaluation
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// How the frames of a sequence are refined together.
struct SequenceOptions: ParsableArguments {
  @Option(
    defaultAsFlag: "",
    help: ArgumentHelp(
      "The files of the folders are the numbered frames of a sequence, which are refined over time "
        + "too, by windows that overlap: memory is that of a window. Settings, which may be left out: "
        + "\(SequenceSettings.help). As in --sequence window=8,overlap=4,time=2.",
      valueName: "settings"))
  var sequence: String?

  @Option(
    help: ArgumentHelp(
      "With --sequence: a folder of optical flow, named as the frames are: Middlebury's .flo, or "
        + "arrays (2,H,W) of x and y in pixels. Pixels are compared where they would stand in the "
        + "middle frame of their window.", valueName: "folder"))
  var flow: String?

  @Option(
    help: ArgumentHelp(
      "Where the flow of a frame leads: forward, to the next frame; backward, to the one before. "
        + "(default: forward)", valueName: "direction"))
  var flowDirection: FlowField.Direction?
}

/// What `--flow-direction` can say.
extension FlowField.Direction: ExpressibleByArgument {}

/// The same, checked.
struct SequenceChoice {
  let settings: SequenceSettings
  /// The folder of flow, and where it leads; `nil` without.
  let flow: (folder: String, direction: FlowField.Direction)?

  /// `nil` where no sequence is asked for.
  ///
  /// - Throws: `InputError` where an option cannot be followed.
  init?(_ options: SequenceOptions, isFolder: Bool, isTiled: Bool) throws {
    guard let text = options.sequence else {
      try OptionCheck.refuse(
        ["--flow": options.flow != nil, "--flow-direction": options.flowDirection != nil],
        because: "says how frames of a sequence move, but there is none",
        remedy: "add --sequence, or leave it out")
      return nil
    }
    settings = try OptionCheck.naming("--sequence") { try SequenceSettings(text) }
    try OptionCheck.refuse(
      ["--sequence": !isFolder],
      because: "needs a folder of numbered frames, but there is one file",
      remedy: "give folders to --unary and --image, or leave it out")
    try OptionCheck.refuse(
      ["--tile": isTiled], because: "cuts images, but --sequence refines whole frames together",
      remedy: "leave one of them out")
    guard let folder = options.flow else {
      try OptionCheck.refuse(
        ["--flow-direction": options.flowDirection != nil],
        because: "says where flow leads, but there is none",
        remedy: "add --flow FOLDER, or leave it out")
      flow = nil
      return
    }
    guard FolderListing.isFolder(folder) else {
      throw InputError(
        .noInput, at: folder, "is not a folder, but --flow names one",
        remedy: "give the folder of the .flo or .npy files")
    }
    flow = (folder, options.flowDirection ?? .forward)
  }

  /// For people.
  var line: String {
    "windows  of \(settings.window) frames, of which neighbours share \(settings.overlap)"
      + (flow.map { ", along the flow \($0.direction.rawValue)" } ?? "")
  }

  /// Makes a plan one over frames.
  ///
  /// - Throws: `InputError` where one of its steps cannot be made so.
  func change(_ plan: inout PlanSettings) throws {
    plan = try OptionCheck.naming("--sequence") {
      try plan.overFrames(time: settings.time)
    }
  }
}
