import Laboratory
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// Which pixels the kernels of a plan let a pixel listen to, as `crf-lab show` has it.
struct Listening {
  private var reply: [(kernel: String, neighbours: Double, own: Double, weights: [UInt8])] = []

  /// - Parameters:
  ///   - plan: with models written out.
  ///   - listener: the pixel.
  ///   - image: the image.
  ///   - context: gives the arrays that kernels refer to.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a kernel cannot be used over the image; `CallCancelled`.
  init(
    _ plan: Plan, at listener: Int, of image: OpenImage, context: DescriptionContext,
    parallelism: Parallelism
  ) throws {
    for model in plan.models {
      for term in model.terms {
        try Cancellation.check()
        let view = try ResponseSet(
          term.kernel, [model.filter], over: image.scene, context: context, sample: 0,
          eigenvalues: 0, parallelism: parallelism
        ).view(of: listener)
        // The Gaussian itself comes first, then the filter.
        guard let response = view.responses.last else { continue }
        reply.append(
          (
            view.kernel, response.neighbours, response.selfWeight,
            Self.bytes(response.row)
          ))
      }
    }
  }

  /// The weights, the largest as 255.
  private static func bytes(_ row: [Float]) -> [UInt8] {
    let largest = row.max() ?? 0
    return row.map { largest > 0 ? UInt8(max(0, (255 * $0 / largest).rounded())) : 0 }
  }

  func reply(to number: JSONValue?) -> Reply {
    var answer = Reply(
      to: number,
      [
        "kernels": .list(
          reply.map { kernel in
            .object([
              "kernel": .text(kernel.kernel), "neighbours": .number(kernel.neighbours),
              "self": .number(kernel.own),
            ])
          })
      ])
    for (index, kernel) in reply.enumerated() { answer.add("kernel \(index)", kernel.weights) }
    return answer
  }
}
