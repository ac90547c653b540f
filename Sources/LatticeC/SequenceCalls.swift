import LatticeCHeader
import LatticeSupport
import Pipeline
import Unaries

/// `latticecrf_plan_over_frames`.
@_cdecl("latticecrf_plan_over_frames")
public func planOverFrames(
  _ plan: UInt64, _ time: Float, _ result: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let number = try Arguments.pointer(result, "result", alignment: 8)
    guard time > 0, time.isFinite else {
      throw CallError.argument("the bandwidth of time is \(time), but must be above 0 and finite")
    }
    number.pointee = PlanObject.all.add(try PlanObject.all.object(plan).overFrames(time: time))
  }
}

/// `latticecrf_sequence_windows`.
@_cdecl("latticecrf_sequence_windows")
public func sequenceWindows(
  _ frames: Int64, _ window: Int32, _ overlap: Int32, _ bounds: UnsafeMutablePointer<Int64>?,
  _ capacity: Int64, _ count: UnsafeMutablePointer<Int64>?
) -> Int32 {
  call {
    let count = try Arguments.pointer(count, "count", alignment: 8)
    let frames = try Arguments.integer(frames, in: 1...Int(Int32.max), "the number of frames")
    let settings = try SequenceSettings("window=\(window),overlap=\(overlap)")
    let windows = SequenceWindows(frames: frames, settings)
    count.pointee = Int64(windows.count)
    guard capacity >= Int64(windows.count) else { return }
    let bounds = try Arguments.pointer(bounds, "bounds", alignment: 8)
    for index in 0..<windows.count {
      let (window, answered) = (windows.window(index), windows.answered(by: index))
      for (place, bound) in [
        window.lowerBound, window.upperBound, answered.lowerBound, answered.upperBound,
      ].enumerated() {
        bounds[4 * index + place] = Int64(bound)
      }
    }
  }
}

/// `latticecrf_motion`.
@_cdecl("latticecrf_motion")
public func motion(
  _ flow: UnsafePointer<Float>?, _ count: Int64, _ extents: UnsafePointer<Int64>?,
  _ backward: Int32, _ threads: Int32, _ displacements: UnsafeMutablePointer<Float>?,
  _ displacementCount: Int64
) -> Int32 {
  call {
    let grid = try Arguments.grid(extents, rank: 3)
    let frame = GridShape(width: grid.extents[2], height: grid.extents[1])
    let flow = try Arguments.pointer(flow, "flow")
    try Arguments.count(count, grid.count, 2, "flow")
    let target = try Arguments.pointer(displacements, "displacements")
    try Arguments.count(displacementCount, grid.count, 3, "the array of displacements")
    let fields = try (0..<grid.extents[0]).map { index in
      try FlowField(
        grid: frame,
        vectors: Array(
          UnsafeBufferPointer(start: flow + index * 2 * frame.count, count: 2 * frame.count)))
    }
    let moved = Motion(over: frame, parallelism: try Arguments.parallelism(threads: threads))
      .displacements(fields, backward == 0 ? .forward : .backward)
    moved.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { target.update(from: first, count: source.count) }
    }
  }
}
